"""What each step does to a layout, and when it is legal.

Every move is held to it, whoever wrote the move: the reshard search, a pass, or the hand that edited a
dump.
"""

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
    make_layout,
)
from helixc.ir.mesh import Mesh


def apply_step(layout: Layout, step: Step, mesh: Mesh) -> Layout:
    """The layout after one step.  Raises ``ValueError`` with the reason where the step is illegal."""
    if layout.turned and not isinstance(step, Permute):
        raise ValueError("blocks that are turned must first be put in order")
    match step:
        case Permute():
            return _permuted(layout, step.layout, mesh)
        case Slice():
            _check_atoms(step.atoms, mesh)
            _check_unused(layout, step.atoms)
            return _appended(layout, step.dim, step.atoms, layout.partial)
        case AllGather():
            _check_atoms(step.atoms, mesh)
            split = _without_suffix(layout, step.dim, step.atoms)
            return make_layout(split, layout.partial, layout.kind)
        case AllToAll():
            return _exchanged(layout, step, mesh)
        case ReduceScatter():
            rest = _reduced(layout, step.atoms, mesh)
            return _appended(layout, step.dim, step.atoms, rest)
        case AllReduce():
            return make_layout(dict(layout.split), _reduced(layout, step.atoms, mesh), layout.kind)
        case Seed():
            return _seeded(layout, step, mesh)
        case _:
            assert_never(step)


def mesh_order(atoms: Iterable[str], mesh: Mesh) -> tuple[str, ...]:
    """These atoms once each, in the order of the mesh: how a layout lists its partial atoms."""
    return mesh.in_order(set(atoms))


def moved_atoms(before: Layout, after: Layout) -> tuple[str, ...]:
    """Atoms whose blocks lie elsewhere in another of two layouts, sorted by name."""
    return tuple(sorted({entry[0] for entry in _spots(before) ^ _spots(after)}))


def _spots(layout: Layout) -> set[tuple[str, str, int, int]]:
    """Where each atom stands: dimension, place in the tuple, and how far the blocks are turned."""
    return {
        (atom, dim, place, layout.places_of(dim) if layout.turned else 0)
        for dim, atoms in layout.split
        for place, atom in enumerate(atoms)
    }


def _appended(layout: Layout, dim: str, atoms: tuple[str, ...], partial: tuple[str, ...]) -> Layout:
    split = {**dict(layout.split), dim: layout.atoms_of(dim) + atoms}
    return make_layout(split, partial, layout.kind)


def _without_suffix(layout: Layout, dim: str, atoms: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    held = layout.atoms_of(dim)
    if held[-len(atoms) :] != atoms:
        there = "*".join(held) or "nothing"
        raise ValueError(
            f"{'*'.join(atoms)} is not the innermost part of {dim}, which is split over {there}"
        )
    return {**dict(layout.split), dim: held[: -len(atoms)]}


def _exchanged(layout: Layout, step: AllToAll, mesh: Mesh) -> Layout:
    _check_atoms(step.atoms, mesh)
    if step.source == step.target:
        raise ValueError(f"an exchange from {step.source} to itself moves nothing")
    split = _without_suffix(layout, step.source, step.atoms)
    split[step.target] = layout.atoms_of(step.target) + step.atoms
    return make_layout(split, layout.partial, layout.kind)


def _reduced(layout: Layout, atoms: tuple[str, ...], mesh: Mesh) -> tuple[str, ...]:
    _check_atoms(atoms, mesh)
    for atom in atoms:
        if atom not in layout.partial:
            raise ValueError(f"the value is not partial over {atom}")
    return tuple(atom for atom in layout.partial if atom not in atoms)


def _seeded(layout: Layout, step: Seed, mesh: Mesh) -> Layout:
    _check_atoms(step.atoms, mesh)
    _check_unused(layout, step.atoms)
    if layout.kind not in ("", "sum"):
        raise ValueError(f"a partial {layout.kind} cannot become a partial sum as well")
    partial = mesh_order(layout.partial + step.atoms, mesh)
    return make_layout(dict(layout.split), partial, "sum")


def _permuted(layout: Layout, target: Layout, mesh: Mesh) -> Layout:
    for dim, atoms in target.split:
        _check_atoms(atoms, mesh, dim)
    _check_once(target)
    if (target.partial, target.kind) != (layout.partial, layout.kind):
        raise ValueError("a permute leaves what is partial as it is")
    for dim in sorted({dim for dim, _ in layout.split + target.split}):
        before, after = mesh.ways(layout.atoms_of(dim)), mesh.ways(target.atoms_of(dim))
        if before != after:
            raise ValueError(f"{dim} is split {before} ways before and {after} ways after")
    return target


def _check_once(layout: Layout) -> None:
    seen = set[str](layout.partial)
    for _, atoms in layout.split:
        for atom in atoms:
            if atom in seen:
                raise ValueError(f"the layout uses {atom} twice")
            seen.add(atom)


def _check_atoms(atoms: tuple[str, ...], mesh: Mesh, dim: str = "") -> None:
    if not atoms:
        raise ValueError(f"no mesh axis is named for {dim}" if dim else "no mesh axis is named")
    for position, atom in enumerate(atoms):
        if atom not in mesh.sizes:
            raise ValueError(f"the mesh has no axis {atom}")
        if atom in atoms[:position]:
            raise ValueError(f"{atom} is named twice")


def _check_unused(layout: Layout, atoms: tuple[str, ...]) -> None:
    for atom in atoms:
        if atom in layout.used:
            raise ValueError(f"the value is not replicated over {atom}")
