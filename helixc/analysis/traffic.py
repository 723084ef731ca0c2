"""Who receives how much from whom in one step, as a matrix between GPUs, or between blocks of them.

What counts is where bytes begin and end: of a gather, scatter, reduction or exchange each member gets the
same part from every other one, of a permute everything from the one that holds its block.  How a library
routes them (rings, trees, switches that add) is left out; it is in the price.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.analysis.collectives import kind_of, move_bytes
from helixc.analysis.layers import LayerMap
from helixc.ir.device import group_atoms
from helixc.ir.layout import Layout, Permute
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Move, Spmd, walk

Counts = NDArray[np.int64]

# Rows of a matrix that can still be read.
MOST_BLOCKS = 64
# Fewer rows say too little of many GPUs.
_LEAST_BLOCKS = 8
# Groups that are counted at a time, so that a million GPUs need no more memory than some thousands.
_GROUPS_AT_A_TIME = 2**16


@attrs.frozen(kw_only=True)
class Moved:
    """A collective's part: each pair of GPUs that ``pattern`` counts moves ``bytes`` / ``peers`` in a step."""

    pattern: int
    bytes: int
    peers: int


@attrs.frozen(kw_only=True)
class Traffic:
    """Traffic between blocks of ``block`` consecutive GPUs (the last may be smaller).

    ``patterns``: matrices of how many pairs of GPUs exchange bytes; a row receives, a column sends.
    ``of``: by the value that it yields what each collective moves in all its turns.
    """

    block: int
    patterns: tuple[tuple[tuple[int, ...], ...], ...]
    of: Mapping[str, Moved]


def find_traffic(program: Spmd, layers: LayerMap) -> Traffic:
    """The traffic of every collective of a program."""
    block = _block_size(program)
    patterns: dict[tuple[tuple[int, ...], ...], int] = {}
    known: dict[object, int] = {}
    of: dict[str, Moved] = {}
    for move in walk(program.body):
        if not (isinstance(move, Move) and kind_of(move.step)):
            continue
        before = program.layouts[move.source]
        atoms = group_atoms(program, move.step, before) or ()
        permuted = isinstance(move.step, Permute)
        key = (before, move.step) if permuted else atoms
        if key not in known:
            matrix = _matrix(program.mesh, atoms, block)
            if isinstance(move.step, Permute):
                matrix = _sent(before, move.step.layout, program.mesh, block)
            rows = tuple(tuple(row) for row in matrix.tolist())
            known[key] = patterns.setdefault(rows, len(patterns))
        of[move.result] = Moved(
            pattern=known[key],
            bytes=move_bytes(move, program) * layers.runs[move.result],
            peers=1 if permuted else max(1, program.mesh.ways(atoms) - 1),
        )
    return Traffic(block=block, patterns=tuple(patterns), of=of)


def _block_size(program: Spmd) -> int:
    """GPUs in a block: one, those in a member of a level, or, where that is too many or too few rows, in several."""
    gpus, inside = program.mesh.devices, program.cluster.gpus
    sizes = [1]
    for level in program.cluster.levels:
        inside //= level.size
        sizes.append(inside)
    for size in sorted(sizes):
        if min(gpus, _LEAST_BLOCKS) <= -(-gpus // size) <= MOST_BLOCKS:
            return size
    many = max(size for size in sizes if -(-gpus // size) > MOST_BLOCKS)
    return many * -(-gpus // (many * MOST_BLOCKS))


def _blocks(mesh: Mesh, block: int) -> Counts:
    return np.arange(mesh.devices) // block


def _matrix(mesh: Mesh, atoms: tuple[str, ...], block: int) -> Counts:
    """For each pair of blocks how many pairs of GPUs are in one group over ``atoms``, no GPU with itself."""
    blocks = _blocks(mesh, block)
    gpus = np.arange(mesh.devices)
    lowest = gpus - sum(
        (gpus // mesh.strides[atom] % mesh.sizes[atom] * mesh.strides[atom] for atom in atoms),
        start=np.zeros_like(gpus),
    )
    _, groups = np.unique(lowest, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    count = int(blocks[-1]) + 1
    matrix = np.zeros((count, count), dtype=np.int64)
    step = mesh.ways(atoms) * max(1, _GROUPS_AT_A_TIME // mesh.ways(atoms))
    for first in range(0, mesh.devices, step):
        some = order[first : first + step]
        members = np.zeros((int(groups[some[-1]] - groups[some[0]]) + 1, count), dtype=np.int64)
        np.add.at(members, (groups[some] - groups[some[0]], blocks[some]), 1)
        matrix += members.T @ members
    return matrix - np.diag(np.bincount(blocks))


def _sent(before: Layout, after: Layout, mesh: Mesh, block: int) -> Counts:
    """For each pair of blocks how many GPUs of the first get their block from a GPU of the second."""
    dims = sorted({dim for dim, _ in (*before.split, *after.split)})
    held, wanted = _held(before, dims, mesh), _held(after, dims, mesh)
    # Of several that hold a block the lowest sends it; who holds its own keeps it.
    numbers, first = np.unique(held, return_index=True)
    source = first[np.searchsorted(numbers, wanted)]
    moved = np.flatnonzero(held != wanted)
    blocks = _blocks(mesh, block)
    matrix = np.zeros((int(blocks[-1]) + 1,) * 2, dtype=np.int64)
    np.add.at(matrix, (blocks[moved], blocks[source[moved]]), 1)
    return matrix


def _held(layout: Layout, dims: list[str], mesh: Mesh) -> Counts:
    """A number for each GPU that names the block that it holds: which part of each dimension, which term."""
    gpus = np.arange(mesh.devices)
    number = np.zeros_like(gpus)
    parts = [(layout.atoms_of(dim), layout.places_of(dim)) for dim in dims]
    for atoms, places in (*parts, (layout.partial, 0)):
        ways, rank = mesh.ways(atoms), np.zeros_like(gpus)
        for atom in atoms:
            rank = rank * mesh.sizes[atom] + gpus // mesh.strides[atom] % mesh.sizes[atom]
        number = number * ways + (rank + places) % ways
    return number
