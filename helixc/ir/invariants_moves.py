"""Facts about communication: each step is legal, nothing stays abstract, no partial value is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.diagnostics import Diagnostic, Span
from helixc.ir.fact import Invariant
from helixc.ir.invariants_layouts import known_atoms
from helixc.ir.layout import AllToAll, Layout, ReduceScatter, Slice
from helixc.ir.layout_steps import apply_step
from helixc.ir.plan import PartialOver, Place
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, walk


def _legal_steps(program: Spmd) -> Iterator[Diagnostic]:
    for statement in walk(program.body):
        if isinstance(statement, Move):
            yield from _check_move(statement, program)
        elif isinstance(statement, Reshard):
            yield from _check_reshard(statement, program)


def _check_reshard(reshard: Reshard, program: Spmd) -> Iterator[Diagnostic]:
    """Steps can lead from one layout to the other, and there is at least one to take."""
    source, target = program.layouts.get(reshard.source), reshard.layout
    if source is None:
        return
    message = ""
    if source == target:
        message = f"%{reshard.source} is {source} already"
    elif target.kind not in ("", "sum", source.kind):
        message = f"%{reshard.source} is {source}; nothing makes it a partial {target.kind}"
    elif target.kind and source.kind and target.kind != source.kind:
        message = f"a partial {source.kind} never becomes a partial {target.kind}"
    if message:
        yield Diagnostic("HX0655", f"%{reshard.result}: {message}", reshard.why.line)


def _check_move(move: Move, program: Spmd) -> Iterator[Diagnostic]:
    source = program.layouts.get(move.source)
    if source is None or not known_atoms(source, program.mesh):
        return
    yield from _check_dim(move)
    try:
        reached = apply_step(source, move.step, program.mesh)
    except ValueError as reason:
        message = f"%{move.result} cannot be made of %{move.source}, which is {source}: {reason}"
        yield Diagnostic("HX0655", message, move.why.line)
        return
    if reached != move.layout:
        message = f"the step to %{move.result} leads to {reached}, not to {move.layout}"
        yield Diagnostic("HX0655", message, move.why.line, legal=(str(reached),))


def _check_dim(move: Move) -> Iterator[Diagnostic]:
    """A dimension that a step splits is one of the value's."""
    match move.step:
        case Slice(dim) | ReduceScatter(dim) | AllToAll(_, dim):
            if dim not in move.type.dims:
                message = f"%{move.result} has no dimension {dim} for its step to split"
                yield Diagnostic("HX0655", message, move.why.line, legal=move.type.dims)
        case _:
            pass


def _no_reshard(program: Spmd) -> Iterator[Diagnostic]:
    for statement in walk(program.body):
        if isinstance(statement, Reshard):
            message = (
                f"%{statement.result} is %{statement.source} in another layout; how is not said"
            )
            yield Diagnostic("HX0657", message, statement.why.line)


def _no_dropped_partial(program: Spmd) -> Iterator[Diagnostic]:
    """Outputs and carried values hold full values, except where the plan says ``partial``."""
    homes = _homes(program)
    for output in program.outputs:
        layout = program.layouts.get(output.value)
        if layout is not None:
            names = homes.get(output.value, ())
            yield from _check_partial(program, output.value, layout, names, output.span)
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            for value in statement.carried:
                names, span = value.names, statement.span
                yield from _check_partial(program, value.entry, value.layout, names, span)


def _check_partial(
    program: Spmd, name: str, layout: Layout, names: tuple[Place, ...], span: Span
) -> Iterator[Diagnostic]:
    planned = _planned_partial(program, names)
    forgotten = [atom for atom in layout.partial if atom not in planned]
    if forgotten:
        message = f"%{name} is at rest, but still partial over {', '.join(forgotten)}"
        yield Diagnostic("HX0656", message, span)


def _homes(program: Spmd) -> dict[str, tuple[Place, ...]]:
    homes: dict[str, tuple[Place, ...]] = {}
    for statement in walk(program.body):
        match statement:
            case Loop():
                homes.update((value.result, value.names) for value in statement.carried)
            case Compute():
                homes[statement.result] = statement.op.names
            case _:
                homes[statement.result] = statement.names
    return homes


def _planned_partial(program: Spmd, names: tuple[Place, ...]) -> frozenset[str]:
    """The atoms over which the plan holds a value of these names as a partial sum."""
    axes = {
        axis
        for block in program.plan.blocks
        if any(_covers(program, place, name) for place in block.places for name in names)
        for line in block.lines
        if isinstance(line, PartialOver)
        for axis in line.axes
    }
    return frozenset(atom.name for atom in program.mesh.atoms if atom.axis in axes)


def _covers(program: Spmd, place: Place, name: Place) -> bool:
    if place.name:
        return place == name
    return place.scope in _around(program, name.scope)


def _around(program: Spmd, scope: int) -> Iterator[int]:
    """A scope and those around it; ends even where scopes are no tree."""
    while 0 <= scope < len(program.scopes):
        yield scope
        parent = program.scopes[scope].parent
        scope = parent if parent < scope else -1


LEGAL_STEPS = Invariant("legal-steps", Spmd, _legal_steps)
NO_RESHARD = Invariant("no-reshard", Spmd, _no_reshard)
NO_DROPPED_PARTIAL = Invariant("no-dropped-partial", Spmd, _no_dropped_partial)
