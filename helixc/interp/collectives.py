"""Every step of the layout algebra, executed on blocks by groups of GPUs.

Nothing here looks at a layout except to learn how partial values combine (and which block a permute
asks for): a step does to the data what the real collective does, so a wrong layout gives a wrong
value.  A group's result is computed once and handed to all of its members, which therefore agree.
"""

from __future__ import annotations

from typing import assert_never

import numpy as np

from helixc.interp.blocks import COMBINE
from helixc.interp.devices import Atoms, Devices
from helixc.interp.site import Array, Dims
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
)


def run_step(blocks: Array, dims: Dims, layout: Layout, step: Step, devices: Devices) -> Array:
    """The blocks after one step; ``layout`` is the one before it.  Shapes: (GPUs, local sizes)."""
    match step:
        case AllGather() | AllToAll() | ReduceScatter():
            return _exchange(blocks, dims, layout, step, devices)
        case Slice():
            return _own_piece(blocks, dims.index(step.dim), step.atoms, devices)
        case AllReduce():
            return _all_reduce(blocks, step.atoms, layout.kind, devices)
        case Permute():
            return blocks[_senders(layout, step.layout, devices)]
        case Seed():
            first = devices.ranks(step.atoms) == 0
            return np.where(first.reshape(-1, *(1 for _ in dims)), blocks, blocks.dtype.type(0))
        case _:
            assert_never(step)


def _exchange(
    blocks: Array,
    dims: Dims,
    layout: Layout,
    step: AllGather | AllToAll | ReduceScatter,
    devices: Devices,
) -> Array:
    match step:
        case AllGather():
            return _joined(blocks[devices.members(step.atoms)], dims.index(step.dim))
        case AllToAll():
            received = _received(blocks, dims.index(step.target), step.atoms, devices)
            return _joined(received, dims.index(step.source))
        case ReduceScatter():
            received = _received(blocks, dims.index(step.dim), step.atoms, devices)
            return COMBINE[layout.kind](received, axis=1).astype(blocks.dtype, copy=False)
        case _:
            assert_never(step)


def _pieces(blocks: Array, axis: int, count: int) -> Array:
    """Blocks cut in ``count`` along a dimension; shape (GPUs, count, local sizes of a piece)."""
    shape = blocks.shape
    size = shape[axis + 1]
    if size % count:
        raise ValueError(f"a block of {size} cannot be cut in {count}")
    cut = blocks.reshape(*shape[: axis + 1], count, size // count, *shape[axis + 2 :])
    return np.moveaxis(cut, axis + 1, 1)


def _own_piece(blocks: Array, axis: int, atoms: Atoms, devices: Devices) -> Array:
    pieces = _pieces(blocks, axis, devices.mesh.ways(atoms))
    return pieces[np.arange(devices.count), devices.ranks(atoms)]


def _received(blocks: Array, axis: int, atoms: Atoms, devices: Devices) -> Array:
    """What each GPU gets from each member when all send everyone its piece of a dimension."""
    pieces = _pieces(blocks, axis, devices.mesh.ways(atoms))
    return pieces[devices.members(atoms), devices.ranks(atoms)[:, None]]


def _joined(received: Array, axis: int) -> Array:
    """Blocks of several members, shape (GPUs, members, local sizes), end to end along a dimension."""
    placed = np.moveaxis(received, 1, axis + 1)
    shape = placed.shape
    joined = shape[axis + 1] * shape[axis + 2]
    return placed.reshape(*shape[: axis + 1], joined, *shape[axis + 3 :])


def _all_reduce(blocks: Array, atoms: Atoms, kind: str, devices: Devices) -> Array:
    members = devices.members(atoms)
    leaders = np.flatnonzero(devices.ranks(atoms) == 0)
    combined = COMBINE[kind](blocks[members[leaders]], axis=1).astype(blocks.dtype, copy=False)
    result = np.empty_like(blocks)
    result[members[leaders]] = combined[:, None]
    return result


def _senders(before: Layout, after: Layout, devices: Devices) -> Array:
    """For each GPU one that holds, before, the block it is to hold after: itself if it does."""
    dims = sorted({dim for dim, _ in (*before.split, *after.split)})
    held = _block_numbers(before, dims, devices)
    wanted = _block_numbers(after, dims, devices)
    holder = {block: device for device, block in reversed(list(enumerate(held)))}
    return np.array(
        [device if held[device] == block else holder[block] for device, block in enumerate(wanted)]
    )


def _block_numbers(layout: Layout, dims: list[str], devices: Devices) -> list[int]:
    """A number per GPU that names the block it holds: which part of each dimension, which term."""
    number = np.zeros(devices.count, dtype=np.int64)
    parts = [(layout.atoms_of(dim), layout.places_of(dim)) for dim in dims]
    for atoms, places in (*parts, (layout.partial, 0)):
        ways = devices.mesh.ways(atoms)
        number = number * ways + (devices.ranks(atoms) + places) % ways
    return number.tolist()
