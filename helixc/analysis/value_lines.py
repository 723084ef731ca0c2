"""The lines of a plan that hold one value in a given layout, and the path that names the value."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.analysis.collectives import axis_names
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op, ancestors
from helixc.ir.mesh import Mesh
from helixc.ir.plan import DimRef, Line, Place, Replicate, Shard


def lines_for(
    planned: Layout, target: Layout, op: Op, program: Logical, mesh: Mesh
) -> tuple[Line, ...]:
    """What a plan says to hold a value in ``target`` instead of ``planned``; () where no line can."""
    lines: list[Line] = []
    for dim, atoms in planned.split:
        if not set(atoms) <= target.used:
            name = _dim_name(dim, op, program)
            lines.append(Replicate((DimRef(name, (dim,)),)))
    axes = {axis.name for axis in mesh.axes}
    for dim, atoms in target.split:
        name, over = _dim_name(dim, op, program), axis_names(atoms, mesh)
        if not set(over) <= axes:
            return ()
        if planned.atoms_of(dim) != atoms:
            lines.append(Shard((DimRef(name, (dim,)),), over))
    named = all(ref.name for line in lines for ref in getattr(line, "dims", ()))
    return tuple(lines) if named and not target.partial else ()


def path_of(op: Op, program: Logical) -> tuple[str, tuple[Place, ...]]:
    """The path of a value, ``mha.wq``, and every place that it reaches."""
    around = ancestors(program.scopes, op.home.scope)
    layer = next((s for s in around if program.scopes[s].kind == "layer"), 0)
    name = program.scopes[layer].name
    inside = {
        scope.id
        for scope in program.scopes
        if not layer or any(program.scopes[s].name == name for s in _above(program, scope.id))
    }
    made = (place for maker in program.makers.values() for place in maker.names)
    places = [p for p in made if p.name == op.home.name and p.scope in inside]
    path = f"{name}.{op.home.name}" if layer else op.home.name
    return path, tuple(dict.fromkeys(places))


def line_text(line: Line) -> str:
    """A line as it stands in a plan."""
    match line:
        case Shard():
            return f"shard {line.dims[0].name} over {', '.join(line.axes)}"
        case Replicate():
            return f"replicate {line.dims[0].name}"
        case _:
            return ""


def _dim_name(leaf: str, op: Op, program: Logical) -> str:
    """What a dimension is called where a value is at home; "" where it has no name of its own."""
    for scope in ancestors(program.scopes, op.home.scope):
        for dim in program.scopes[scope].dims:
            if dim.leaves == (leaf,) and _means(dim.name, op, program) == (leaf,):
                return dim.name
    return ""


def _means(name: str, op: Op, program: Logical) -> tuple[str, ...]:
    """The leaves of the innermost dimension of a name."""
    for scope in ancestors(program.scopes, op.home.scope):
        for dim in program.scopes[scope].dims:
            if dim.name == name:
                return dim.leaves
    return ()


def _above(program: Logical, scope: int) -> Iterator[int]:
    """A scope and those around it, without the model."""
    return (s for s in ancestors(program.scopes, scope) if s)
