"""Facts about layouts: each is canonical, speaks of atoms that exist, once each, and divides evenly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import attrs

from helixc.diagnostics import Diagnostic, Span
from helixc.ir.fact import Invariant
from helixc.ir.layout import Layout, Permute, make_layout
from helixc.ir.layout_steps import mesh_order
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Compute, Loop, Move, Spmd, walk
from helixc.ir.tensor import TensorType

KINDS = ("sum", "max", "min")


@attrs.frozen
class Held:
    """A value as it is held: its name, type and layout, and where that was written."""

    name: str
    type: TensorType
    layout: Layout
    span: Span


def held_values(program: Spmd) -> Iterator[Held]:
    """Every value with its layout, in program order; a carried value once."""
    for statement in walk(program.body):
        match statement:
            case Loop():
                for value in statement.carried:
                    yield Held(value.entry, value.type, value.layout, statement.span)
            case Compute():
                yield Held(statement.result, statement.type, statement.layout, statement.op.span)
            case _:
                yield Held(statement.result, statement.type, statement.layout, statement.why.line)


def known_atoms(layout: Layout, mesh: Mesh) -> bool:
    """Whether the mesh has every atom of a layout."""
    return all(atom in mesh.sizes for atom in layout.used)


def _atoms_known(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_mesh(program)
    legal = tuple(atom.name for atom in program.mesh.atoms)
    for value in held_values(program):
        layout = value.layout
        for atom in sorted(layout.used - set(legal)):
            message = f"%{value.name} is {layout}: the mesh has no axis {atom}"
            yield Diagnostic("HX0650", message, value.span, legal=legal)
        for dim, _ in layout.split:
            if dim not in value.type.dims:
                message = f"%{value.name} has no dimension {dim}, which its layout {layout} splits"
                yield Diagnostic("HX0650", message, value.span, legal=value.type.dims)
    for statement in walk(program.body):
        if isinstance(statement, Move):
            yield from _check_step(statement, legal)


def _check_step(move: Move, legal: tuple[str, ...]) -> Iterator[Diagnostic]:
    step = move.step
    named = step.layout.used if isinstance(step, Permute) else frozenset(step.atoms)
    for atom in sorted(named - set(legal)):
        message = f"the step to %{move.result} is over {atom}: the mesh has no such axis"
        yield Diagnostic("HX0650", message, move.why.line, legal=legal)


def _check_mesh(program: Spmd) -> Iterator[Diagnostic]:
    mesh = program.mesh
    if mesh.axes != program.plan.axes:
        yield Diagnostic("HX0650", "the mesh is not the one that the plan declares")
    for name, count in sorted(Counter(atom.name for atom in mesh.atoms).items()):
        if count > 1:
            yield Diagnostic("HX0650", f"the mesh has {count} pieces by the name {name}")
    cut = tuple(atom.name for axis in mesh.axes for atom in mesh.atoms if atom.axis == axis.name)
    if cut != tuple(atom.name for atom in mesh.atoms):
        yield Diagnostic("HX0650", "the pieces of the mesh do not stand in the order of its axes")
    for axis in mesh.axes:
        product = 1
        for atom in mesh.atoms:
            product *= atom.size if atom.axis == axis.name else 1
        if product != axis.size:
            message = f"mesh axis {axis.name} is {axis.size} wide, its pieces make {product}"
            yield Diagnostic("HX0650", message)


def _atom_once(program: Spmd) -> Iterator[Diagnostic]:
    for value in held_values(program):
        split = [atom for _, atoms in value.layout.split for atom in atoms]
        for atom, count in sorted(Counter([*split, *value.layout.partial]).items()):
            if count > 1:
                message = f"%{value.name} is {value.layout}, which uses {atom} {count} times"
                yield Diagnostic("HX0651", message, value.span)


def _divisible(program: Spmd) -> Iterator[Diagnostic]:
    for value in held_values(program):
        for dim, atoms in value.layout.split:
            size = program.sizes.get(dim)
            if size is None or any(atom not in program.mesh.sizes for atom in atoms):
                continue
            ways = program.mesh.ways(atoms)
            if ways < 1 or size % ways != 0:
                message = f"%{value.name}: {dim} is {size}, not a multiple of {ways}"
                yield Diagnostic("HX0652", f"{message} ({'*'.join(atoms)})", value.span)


def _canonical(program: Spmd) -> Iterator[Diagnostic]:
    mesh = program.mesh
    for value in held_values(program):
        layout = value.layout
        if layout.kind not in (KINDS if layout.partial else ("",)):
            message = f"%{value.name} is partial over {len(layout.partial)} axes in no known way"
            yield Diagnostic("HX0653", f"{message}: {layout}", value.span, legal=KINDS)
        elif known_atoms(layout, mesh):
            partial = mesh_order(layout.partial, mesh)
            turned = [
                (dim, layout.places_of(dim) % mesh.ways(atoms)) for dim, atoms in layout.split
            ]
            proper = make_layout(dict(layout.split), partial, layout.kind, turned)
            if layout != proper:
                message = f"%{value.name} is {layout}, which is written {proper}"
                yield Diagnostic("HX0653", message, value.span, legal=(str(proper),))


def _loop_layouts(program: Spmd) -> Iterator[Diagnostic]:
    for statement in walk(program.body):
        if not isinstance(statement, Loop):
            continue
        for value in statement.carried:
            for name in (value.init, value.yields):
                layout = program.layouts.get(name)
                if layout is not None and layout != value.layout:
                    message = (
                        f"%{value.entry} is carried as {value.layout}, but %{name} is {layout}"
                    )
                    yield Diagnostic("HX0658", message, statement.span)


ATOMS_KNOWN = Invariant("atoms-known", Spmd, _atoms_known)
ATOM_ONCE = Invariant("atom-once", Spmd, _atom_once)
DIVISIBLE = Invariant("divisible", Spmd, _divisible)
ONE_PARTIAL_KIND = Invariant("one-partial-kind", Spmd, _canonical)
LOOP_LAYOUTS = Invariant("loop-layouts", Spmd, _loop_layouts)
