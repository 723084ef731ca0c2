"""Steps of the layout algebra as calls of the emitted module's ``mesh``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

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


def move_text(step: Step, source: str, dims: tuple[str, ...], before: Layout) -> str:
    """The call that carries out a step; ``dims`` are the axes of ``source``, laid out as ``before``."""
    match step:
        case AllGather():
            return f"mesh.all_gather({source}, {dims.index(step.dim)}{_axes(step.atoms)})"
        case ReduceScatter():
            number = dims.index(step.dim)
            return f'mesh.reduce_scatter({source}, {number}, "{before.kind}"{_axes(step.atoms)})'
        case AllReduce():
            return f'mesh.all_reduce({source}, "{before.kind}"{_axes(step.atoms)})'
        case AllToAll():
            places = f"split={dims.index(step.target)}, join={dims.index(step.source)}"
            return f"mesh.all_to_all({source}{_axes(step.atoms)}, {places})"
        case Permute():
            return f"mesh.permute({source}, {_layout(before)}, {_layout(step.layout)})"
        case Slice():
            return f"mesh.part({source}, {dims.index(step.dim)}{_axes(step.atoms)})"
        case Seed():
            return f"mesh.seed({source}{_axes(step.atoms)})"
        case _:
            assert_never(step)


def groups_of(step: Step) -> tuple[str, ...]:
    """The axes over which a step needs a group, in the order in which it names them; () for none."""
    return step.atoms if isinstance(step, AllGather | ReduceScatter | AllReduce | AllToAll) else ()


def tuple_text(names: Iterable[str]) -> str:
    """A tuple of strings as Python writes it."""
    quoted = [f'"{name}"' for name in names]
    return f"({quoted[0]},)" if len(quoted) == 1 else f"({', '.join(quoted)})"


def _axes(atoms: tuple[str, ...]) -> str:
    return "".join(f', "{atom}"' for atom in atoms)


def _layout(layout: Layout) -> str:
    """For each dimension the axes over which it lies, and by how many places its blocks are turned."""
    entries = [
        f'"{dim}": ({tuple_text(atoms)}, {layout.places_of(dim)})' for dim, atoms in layout.split
    ]
    if layout.partial:
        entries.append(f'"": ({tuple_text(layout.partial)}, 0)')
    return "{" + ", ".join(entries) + "}"
