"""From a program for all GPUs to tasks per GPU: template x turn x GPU, in whole columns.

Task numbers are an affine function of turn and place (a place is a GPU, or a group), laid out in
program order: turn by turn, statement by statement, GPU by GPU.  So every edge leads from a lower
to a higher number, and columns and edges come from outer sums, never from a walk over tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.device import (
    EVERYTHING,
    UNSCHEDULED,
    DeviceProgram,
    Selection,
    Template,
    templates_of,
)
from helixc.ir.sources import Piece, SourceFinder
from helixc.ir.spmd import Loop, Spmd, SpmdStatement

Numbers = NDArray[np.int64]

# About 4 GB of columns; more is nothing that anybody looks at or executes in one process.
MOST_TASKS = 64_000_000


@attrs.frozen(eq=False)
class _Axis:
    """The turns of one loop that are kept, and the distance in task numbers between two."""

    kept: Numbers
    stride: int


@attrs.frozen(eq=False)
class _Block:
    """Where the tasks of one template stand: ``offset + turns * strides + place``.

    ``leads``: the lowest GPU of each place, ascending.  ``place``: of each kept GPU, its place.
    """

    offset: int
    axes: tuple[_Axis, ...]
    leads: Numbers
    place: Numbers


def expand(program: Spmd, selection: Selection = EVERYTHING) -> DeviceProgram:
    """The tasks of a program in which every reshard has become moves, in program order.

    Raises ``HelixError`` (HX0901) where the selection has more tasks than ``MOST_TASKS``.
    """
    layout = _Layout(program, selection)
    blocks = layout.blocks()
    template, turn, gpu = _columns(layout.templates, blocks, layout.tasks)
    start, after, operand = _edges(program, layout.templates, blocks, layout.tasks)
    return DeviceProgram(
        program=program,
        selection=selection,
        template=template,
        turn=turn,
        gpu=gpu,
        order=np.full(layout.tasks, UNSCHEDULED, dtype=np.int32),
        start=start,
        after=after,
        operand=operand,
    )


class _Layout:
    """Counts tasks and gives every template its block of numbers."""

    def __init__(self, program: Spmd, selection: Selection) -> None:
        mesh = program.mesh
        gpus = range(mesh.devices) if selection.gpus is None else selection.gpus
        self.templates = templates_of(program)
        self._program = program
        self._gpus = np.asarray(gpus, dtype=np.int64)
        self._turns = {scope: np.asarray(kept, np.int64) for scope, kept in selection.turns}
        self._values = None if selection.values is None else frozenset(selection.values)
        self._places = {t.value: self._places_of(t) for t in self.templates}
        self._sizes: dict[int, int] = {}
        self.tasks = self._size(program.body)
        if self.tasks > MOST_TASKS:
            raise HelixError([_too_many(self.tasks)])

    def blocks(self) -> Mapping[str, _Block]:
        """The block of every template, by the value it yields."""
        return dict(self._blocks(self._program.body, 0, ()))

    def _places_of(self, template: Template) -> tuple[Numbers, Numbers]:
        leads = self._gpus.copy()
        for atom in template.atoms or ():
            stride, size = self._program.mesh.strides[atom], self._program.mesh.sizes[atom]
            leads -= leads // stride % size * stride
        if self._values is not None and template.value not in self._values:
            leads = leads[:0]
        return np.unique(leads, return_inverse=True)

    def _kept(self, loop: Loop) -> Numbers:
        kept = self._turns.get(loop.scope)
        if kept is None:
            return np.arange(loop.trips, dtype=np.int64)
        return kept[(kept >= 0) & (kept < loop.trips)]

    def _size(self, body: tuple[SpmdStatement, ...]) -> int:
        """Tasks of a body; remembered per loop, by its scope."""
        total = 0
        for statement in body:
            if isinstance(statement, Loop):
                once = self._size(statement.body)
                self._sizes[statement.scope] = once
                total += once * self._turn_count(statement)
            else:
                total += len(self._places[statement.result][0])
        return total

    def _turn_count(self, loop: Loop) -> int:
        # Without a selection nothing of the size of the trip count is made before the check.
        return len(self._kept(loop)) if loop.scope in self._turns else loop.trips

    def _blocks(
        self, body: tuple[SpmdStatement, ...], offset: int, axes: tuple[_Axis, ...]
    ) -> Iterator[tuple[str, _Block]]:
        for statement in body:
            if isinstance(statement, Loop):
                once = self._sizes[statement.scope]
                kept = self._kept(statement)
                yield from self._blocks(statement.body, offset, (*axes, _Axis(kept, once)))
                offset += once * len(kept)
            else:
                leads, place = self._places[statement.result]
                yield statement.result, _Block(offset, axes, leads, place)
                offset += len(leads)


def _too_many(tasks: int) -> Diagnostic:
    return Diagnostic(
        code="HX0901",
        message=f"{tasks} tasks are more than the {MOST_TASKS} that are expanded at once",
        legal=("fewer GPUs (--gpus 0-3)", "fewer layers (--layers 0)"),
    )


def _columns(
    templates: tuple[Template, ...], blocks: Mapping[str, _Block], tasks: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """The columns ``template``, ``turn`` and ``gpu``."""
    kind, turn, gpu = (np.empty(tasks, dtype=np.int32) for _ in range(3))
    for index, template in enumerate(templates):
        block = blocks[template.value]
        positions = [np.arange(len(a.kept), dtype=np.int64) * a.stride for a in block.axes]
        numbers = _outer([np.asarray([block.offset]), *positions, np.arange(len(block.leads))])
        radix = list(accumulate([lp.trips for lp in reversed(template.loops)], int.__mul__))
        weights = [1, *radix][: len(block.axes)][::-1]
        turns = _outer([a.kept * w for a, w in zip(block.axes, weights, strict=True)])
        kind[numbers] = index
        turn[numbers] = np.repeat(turns, len(block.leads))
        gpu[numbers] = np.tile(block.leads, len(turns))
    return kind, turn, gpu


def _outer(terms: list[Numbers]) -> Numbers:
    """All sums of one entry of each term, row-major; [0] of no terms."""
    total = np.zeros(1, dtype=np.int64)
    for term in terms:
        total = np.add.outer(total, term).ravel()
    return total


def _edges(
    program: Spmd, templates: tuple[Template, ...], blocks: Mapping[str, _Block], tasks: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int16]]:
    """The edges as CSR: ``start``, ``after``, ``operand``."""
    finder = SourceFinder(program, templates)
    readers, sources, operands = (
        [np.empty(0, np.int32)],
        [np.empty(0, np.int32)],
        [np.empty(0, np.int16)],
    )
    for template in templates:
        for operand, value in enumerate(template.reads):
            for piece in finder.pieces(template, value):
                source = blocks[templates[piece.source].value]
                reader_ids, source_ids = _connect(blocks[template.value], source, piece)
                readers.append(reader_ids)
                sources.append(source_ids)
                operands.append(np.full(len(reader_ids), operand, dtype=np.int16))
    reader = np.concatenate(readers)
    rows = np.argsort(reader, kind="stable")
    start = np.zeros(tasks + 1, dtype=np.int32)
    np.cumsum(np.bincount(reader, minlength=tasks), out=start[1:])
    return start, np.concatenate(sources)[rows], np.concatenate(operands)[rows]


def _connect(
    reader: _Block, source: _Block, piece: Piece
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The edges of one operand on one box of turns: numbers of readers and of sources."""
    reader_terms = [np.asarray([reader.offset])]
    source_terms = [np.asarray([source.offset])]
    fixed = {depth: t for depth, t in enumerate(piece.turns) if not t.follows}
    for depth, (axis, (low, high)) in enumerate(zip(reader.axes, piece.box, strict=True)):
        mine = np.flatnonzero((axis.kept >= low) & (axis.kept < high))
        other = np.zeros_like(mine)
        if depth < len(piece.turns) and depth not in fixed:
            there, found = _positions(
                source.axes[depth], axis.kept[mine] + piece.turns[depth].shift
            )
            mine, other = mine[found], there[found] * source.axes[depth].stride
        reader_terms.append(mine * axis.stride)
        source_terms.append(other)
    for depth, turn in fixed.items():
        there, found = _positions(source.axes[depth], np.asarray([turn.shift]))
        # A turn that is not kept has no tasks: what reads from it has no edge.
        source_terms.append(there[found] * source.axes[depth].stride)
        reader_terms.append(np.zeros(len(there[found]), dtype=np.int64))
    reader_places, source_places = _pairs(reader, source)
    return (
        np.add.outer(_outer(reader_terms), reader_places).ravel().astype(np.int32),
        np.add.outer(_outer(source_terms), source_places).ravel().astype(np.int32),
    )


def _positions(axis: _Axis, turns: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Where turns stand among the kept ones, and which of them are kept at all."""
    if not len(axis.kept):
        return np.zeros_like(turns), np.zeros(len(turns), dtype=bool)
    there = np.minimum(np.searchsorted(axis.kept, turns), len(axis.kept) - 1)
    return there, axis.kept[there] == turns


def _pairs(reader: _Block, source: _Block) -> tuple[Numbers, Numbers]:
    """Which place reads from which: all pairs that have a GPU in common, each once."""
    if not len(reader.leads) or not len(source.leads):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keys = np.unique(reader.place * len(source.leads) + source.place)
    return keys // len(source.leads), keys % len(source.leads)
