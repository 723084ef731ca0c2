"""Facts about where things were written: scopes form a tree, and the plan speaks of what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from helixc.diagnostics import Diagnostic, Span
from helixc.ir import logical, spmd
from helixc.ir.fact import Invariant
from helixc.ir.logical import Logical, Op, Repeat, Scope
from helixc.ir.ops import Fused
from helixc.ir.plan import (
    Block,
    Fuse,
    Line,
    Local,
    Microbatches,
    Pad,
    PartialOver,
    Place,
    Plan,
    Replicate,
    Shard,
    Store,
)
from helixc.ir.spmd import Compute, Loop, Spmd


@attrs.frozen
class _Site:
    """What a statement says about its place: its scope, the names of its values, its kind."""

    scope: int
    names: tuple[Place, ...]
    span: Span
    trips: int | None = None


def _logical_sites(program: Logical) -> Iterator[_Site]:
    for statement in logical.walk(program.body):
        if isinstance(statement, Repeat):
            names = tuple(name for value in statement.carried for name in value.names)
            yield _Site(statement.scope, names, statement.span, statement.trips)
        else:
            yield from _op_sites(statement)


def _op_sites(op: Op) -> Iterator[_Site]:
    """The place of an operator, and those of the members of a kernel."""
    yield _Site(op.scope, op.names, op.span)
    for member in op.params.body if isinstance(op.params, Fused) else ():
        yield _Site(member.scope, member.names, member.span)


def _spmd_sites(program: Spmd) -> Iterator[_Site]:
    for statement in spmd.walk(program.body):
        match statement:
            case Loop():
                names = tuple(name for value in statement.carried for name in value.names)
                yield _Site(statement.scope, names, statement.span, statement.trips)
            case Compute():
                yield from _op_sites(statement.op)
            case _:
                yield _Site(statement.scope, statement.names, statement.why.line)


def named_places(program: Logical) -> frozenset[Place]:
    """The names that a plan may speak of: of values, those carried and those inside kernels too."""
    return frozenset(name for site in _logical_sites(program) for name in site.names)


def _logical_scopes(program: Logical) -> Iterator[Diagnostic]:
    yield from _check_tree(program.scopes)
    yield from _check_sites(program.scopes, _logical_sites(program))


def _spmd_scopes(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_tree(program.scopes)
    yield from _check_sites(program.scopes, _spmd_sites(program))


def _logical_plan(program: Logical) -> Iterator[Diagnostic]:
    yield from _check_plan(program, _logical_sites(program))


def _spmd_plan(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_plan(program, _spmd_sites(program))


def _check_tree(scopes: tuple[Scope, ...]) -> Iterator[Diagnostic]:
    if not scopes or scopes[0].kind != "model":
        yield Diagnostic("HX0354", "scope 0 is not the model")
    for position, scope in enumerate(scopes):
        if scope.id != position:
            message = f"scope {scope.id} ({scope.name}) stands at position {position}"
            yield Diagnostic("HX0354", message, scope.span)
        if (scope.parent == -1) != (position == 0) or not -1 <= scope.parent < max(position, 1):
            message = f"scope {position} ({scope.name}) has no scope around it: {scope.parent}"
            yield Diagnostic("HX0354", message, scope.span)
        if position > 0 and scope.kind == "model":
            yield Diagnostic("HX0354", f"scope {position} is a second model", scope.span)


def _check_sites(scopes: tuple[Scope, ...], sites: Iterable[_Site]) -> Iterator[Diagnostic]:
    for site in sites:
        for scope in (site.scope, *(place.scope for place in site.names)):
            if not 0 <= scope < len(scopes):
                yield Diagnostic("HX0354", f"there is no scope {scope}", site.span)
        if site.trips is not None and 0 <= site.scope < len(scopes):
            yield from _check_repeat(scopes[site.scope], site.trips, site.span)


def _check_repeat(scope: Scope, trips: int, span: Span) -> Iterator[Diagnostic]:
    if scope.kind != "repeat":
        yield Diagnostic("HX0354", f"a repeat has the scope {scope.id}, a {scope.kind}", span)
    elif scope.turns != trips:
        message = f"a repeat turns {trips} times, its scope {scope.id} {scope.turns} times"
        yield Diagnostic("HX0354", message, span)
    if trips < 1:
        yield Diagnostic("HX0354", f"a repeat turns {trips} times", span)


def _check_plan(program: Logical | Spmd, sites: Iterable[_Site]) -> Iterator[Diagnostic]:
    plan = program.plan
    yield from _check_axes(plan, program.cluster.gpus)
    axes = {axis.name for axis in plan.axes}
    named = {name for site in sites for name in site.names}
    for position, block in enumerate(plan.blocks):
        if not -1 <= block.parent < position:
            message = f"block {position} of the plan stands in block {block.parent}"
            yield Diagnostic("HX0355", message, block.span)
        places = (*block.places, *_line_places(block))
        yield from _check_places(places, len(program.scopes), named, block.span)
        for line in block.lines:
            yield from _check_line(line, axes, frozenset(program.sizes))


def _check_axes(plan: Plan, gpus: int) -> Iterator[Diagnostic]:
    devices, seen = 1, set[str]()
    for axis in plan.axes:
        if axis.name in seen:
            yield Diagnostic("HX0355", f"the mesh has two axes {axis.name}", plan.span)
        if axis.size < 1:
            yield Diagnostic("HX0355", f"mesh axis {axis.name} has size {axis.size}", plan.span)
        seen.add(axis.name)
        devices *= axis.size
    if devices > gpus:
        message = f"the mesh needs {devices} GPUs, the cluster has {gpus}"
        yield Diagnostic("HX0355", message, plan.span)


def _line_places(block: Block) -> tuple[Place, ...]:
    named = [line for line in block.lines if isinstance(line, Local | Fuse)]
    return tuple(place for line in named for place in line.places)


def _check_places(
    places: tuple[Place, ...], scopes: int, named: set[Place], span: Span
) -> Iterator[Diagnostic]:
    for place in places:
        if not 0 <= place.scope < scopes:
            yield Diagnostic("HX0355", f"the plan speaks of scope {place.scope}", span)
        elif place.name and place not in named:
            message = f"the plan speaks of {place.name} in scope {place.scope}, which is not there"
            yield Diagnostic("HX0355", message, span)


def _check_line(line: Line, axes: set[str], dims: frozenset[str]) -> Iterator[Diagnostic]:
    if isinstance(line, Shard | Store | Local | PartialOver):
        for axis in line.axes:
            if axis not in axes:
                legal = tuple(sorted(axes))
                message = f"there is no mesh axis {axis}"
                yield Diagnostic("HX0355", message, line.span, legal=legal)
    if isinstance(line, Shard | Replicate | Pad | Microbatches):
        named = (line.dim,) if isinstance(line, Microbatches) else line.dims
        for leaf in (leaf for dim in named for leaf in dim.leaves):
            if leaf not in dims:
                message = f"there is no dimension {leaf}"
                yield Diagnostic("HX0355", message, line.span)


LOGICAL_SCOPES = Invariant("scopes-form-a-tree", Logical, _logical_scopes)
LOGICAL_PLAN = Invariant("plan-resolved", Logical, _logical_plan)
SPMD_SCOPES = Invariant("scopes-form-a-tree", Spmd, _spmd_scopes)
SPMD_PLAN = Invariant("plan-resolved", Spmd, _spmd_plan)
