"""Where a plan's paths lead: scopes and named values of an inlined program.

A path's step is found at any depth below the one before.  ``name[i]`` is the i-th turn of a repeat, or
the i-th call of a layer of that name in its parent, counted from the end if negative.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import attrs

from helixc.diagnostics import CompilerBug, Findings
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.logical import Op, Scope, Statement, ancestors, walk
from helixc.ir.ops import OPS
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType
from helixc.spelling import did_you_mean


@attrs.frozen
class Known:
    """A value of the program: the places it goes by, home first, and its type.

    ``rest``: what it is if it is never in flight: declared, an output, made of positions.
    """

    names: tuple[Place, ...]
    type: TensorType
    rest: str = ""


class Places:
    """An index of a program's scopes and values, in the order of the source.

    ``sizes`` are the global sizes of the leaf dimensions, ``outputs`` the values that leave the model.
    """

    def __init__(
        self,
        scopes: Sequence[Scope],
        body: tuple[Statement, ...],
        sizes: Mapping[str, int],
        outputs: Collection[str] = (),
    ) -> None:
        self.scopes = tuple(scopes)
        self.sizes = sizes
        self.values = tuple(_values(body, outputs))
        self._order = _outer_first(self.scopes)
        self._span = _spans(self.scopes, self._order)
        self._totals: dict[tuple[int, str], int] = {}
        for scope in self.scopes:
            key = (scope.parent, scope.name)
            end = scope.first + scope.turns if scope.kind == "repeat" else scope.call + 1
            self._totals[key] = max(end, self._totals.get(key, 0))

    def inside(self, scope: int) -> tuple[int, ...]:
        """A scope and all scopes in it, in the order of the source."""
        start, end = self._span[scope]
        return self._order[start:end]

    def total(self, scope: int) -> int:
        """How many turns, or calls, of a scope's name its parent has."""
        here = self.scopes[scope]
        return self._totals[here.parent, here.name]

    def names_in(self, places: Sequence[Place]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of layers inside some places, and those of repeats and values."""
        scopes = {inner for place in places for inner in self.inside(place.scope)}
        below = scopes - {place.scope for place in places}
        named = [scope for scope in self.scopes if scope.id in below]
        layers = [scope.name for scope in named if scope.kind == "layer"]
        others = [scope.name for scope in named if scope.kind == "repeat"]
        others += [p.name for known in self.values for p in known.names if p.scope in scopes]
        return tuple(dict.fromkeys(layers)), tuple(dict.fromkeys(n for n in others if n))

    def named_values(self, places: Sequence[Place], name: str) -> tuple[Place, ...]:
        """The places inside some places at which a value goes by a name."""
        scopes = {inner for place in places for inner in self.inside(place.scope)}
        found = [
            place
            for known in self.values
            for place in known.names
            if place.name == name and place.scope in scopes
        ]
        return tuple(dict.fromkeys(found))

    def members(self, places: Sequence[Place]) -> tuple[Known, ...]:
        """The values at home inside some places, and those that go by the places' own names."""
        scopes = {i for p in places if not p.name for i in self.inside(p.scope)}
        return tuple(
            known
            for known in self.values
            if (known.names and known.names[0].scope in scopes)
            or any(place in known.names for place in places if place.name)
        )

    def dims(self, places: Sequence[Place], name: str) -> tuple[str, ...] | None:
        """The leaves of a dimension as known where a block stands, else of all of that name further in.

        A dimension that no value has is known and has no leaves; None stands for an unknown one.
        """
        found = [self._dim_around(place.scope, name) for place in places]
        if all(leaves is None for leaves in found):
            inner = dict.fromkeys(s for place in places for s in self.inside(place.scope))
            found = [self._dim_at(scope, name) for scope in inner]
        known = [leaves for leaves in found if leaves is not None]
        return tuple(dict.fromkeys(leaf for leaves in known for leaf in leaves)) if known else None

    def dim_names(self, places: Sequence[Place]) -> tuple[str, ...]:
        """Every dimension name that ``dims`` would find, in the order of the source."""
        around = {s for place in places for s in ancestors(self.scopes, place.scope)}
        scopes = around | {s for place in places for s in self.inside(place.scope)}
        names = [dim.name for scope in self.scopes if scope.id in scopes for dim in scope.dims]
        return tuple(dict.fromkeys(names))

    def _dim_around(self, scope: int, name: str) -> tuple[str, ...] | None:
        for outer in ancestors(self.scopes, scope):
            leaves = self._dim_at(outer, name)
            if leaves is not None:
                return leaves
        return None

    def _dim_at(self, scope: int, name: str) -> tuple[str, ...] | None:
        for dim in self.scopes[scope].dims:
            if dim.name == name:
                return dim.leaves
        return None


def follow(
    path: source.Path, start: Sequence[Place], places: Places, findings: Findings
) -> tuple[Place, ...]:
    """The places that a path reaches from ``start``; () after a finding that says why none."""
    current = tuple(start)
    for step in path.steps:
        scopes = [place for place in current if not place.name]
        if not scopes:
            message = f"`{current[0].name}` is a value; there is no `{step.name.text}` in it"
            findings.error("HX0508", message, step.span)
            return ()
        reached = _step(step, scopes, places, findings)
        if not reached:
            return ()
        current = reached
    return current


def follow_all(
    paths: Sequence[source.Path], start: Sequence[Place], places: Places, findings: Findings
) -> tuple[Place, ...]:
    """All places that some paths reach; () if one of them reaches none, which is found."""
    reached = [follow(path, start, places, findings) for path in paths]
    return tuple(dict.fromkeys(p for path in reached for p in path)) if all(reached) else ()


def paths_text(paths: Sequence[source.Path]) -> str:
    """Paths as they are written: ``layer[0].mha, mlp``."""
    return ", ".join(".".join(_step_text(step) for step in path.steps) for path in paths)


def _step_text(step: source.PathStep) -> str:
    if step.first is None:
        return step.name.text
    last = "" if step.last is None else f"..{step.last}"
    return f"{step.name.text}[{step.first}{last}]"


def _step(
    step: source.PathStep, start: Sequence[Place], places: Places, findings: Findings
) -> tuple[Place, ...]:
    inner = [i for place in start for i in places.inside(place.scope) if i != place.scope]
    named = [i for i in dict.fromkeys(inner) if places.scopes[i].name == step.name.text]
    values = places.named_values(start, step.name.text)
    if not named and not values:
        _report_unknown(step, start, places, findings)
        return ()
    if step.first is None:
        return (*(Place(i) for i in named), *values)
    if not named:
        message = f"`{step.name.text}` is a value; only layers and repeats are counted"
        findings.error("HX0509", message, step.span)
        return ()
    chosen = [scope for scope in named if _counts(scope, step, places)]
    if not chosen:
        findings.error("HX0509", _out_of_range(named, places), step.span)
    return tuple(Place(scope) for scope in chosen)


def _report_unknown(
    step: source.PathStep, start: Sequence[Place], places: Places, findings: Findings
) -> None:
    layers, others = places.names_in(start)
    owner = places.scopes[start[0].scope].name
    message = f"`{owner}` has no layer, weight or value `{step.name.text}`"
    message += did_you_mean(step.name.text, [*layers, *others])
    if layers:
        message += f" (layers: {', '.join(layers)})"
    findings.error("HX0508", message, step.span, legal=(*layers, *others))


def _counts(scope: int, step: source.PathStep, places: Places) -> bool:
    """Whether a scope is among the turns, or calls, that a step counts out."""
    here = places.scopes[scope]
    first, last = _interval(step, places.total(scope))
    if here.kind != "repeat":
        return first <= here.call <= last
    start, end = here.first, here.first + here.turns - 1
    if max(start, first) > min(end, last):
        return False
    if start < first or end > last:
        run = f"turns {start} to {end} of `{here.name}`"
        raise CompilerBug(f"{run} are one run, but the plan speaks of {first} to {last} alone")
    return True


def _interval(step: source.PathStep, total: int) -> tuple[int, int]:
    first = step.first or 0
    last = first if step.last is None else step.last
    return (
        first + total if first < 0 else first,
        last + total if last < 0 else last,
    )


def _out_of_range(named: Sequence[int], places: Places) -> str:
    scope = places.scopes[named[0]]
    total = max(places.total(i) for i in named)
    what = plural(total, "turn" if scope.kind == "repeat" else "call")
    return f"`{scope.name}` has {what}, numbered 0 to {total - 1}, or -{total} to -1 from the end"


def turn_bounds(decl: source.PlanDecl | None, name: str, turns: int) -> tuple[int, ...]:
    """The turns of a repeat, but for turn 0, at which a plan asks for a run of its own to begin.

    ``turns`` counts all repeats of that name in one body.  Between two bounds all turns are alike.
    """
    bounds: set[int] = set()
    for step in () if decl is None else _steps(decl.lines):
        if step.name.text == name and step.first is not None:
            first, last = _interval(step, turns)
            bounds.update((first, last + 1))
    return tuple(sorted(bound for bound in bounds if 0 < bound < turns))


def _steps(lines: tuple[source.PlanLine, ...]) -> Iterator[source.PathStep]:
    for line in lines:
        if isinstance(line, source.InBlock | source.PathsLine):
            for path in line.paths:
                yield from path.steps
        if isinstance(line, source.InBlock):
            yield from _steps(line.lines)


def _values(body: tuple[Statement, ...], outputs: Collection[str]) -> Iterator[Known]:
    for statement in walk(body):
        if isinstance(statement, Op):
            made = (
                ""
                if OPS[statement.kind].arity
                else f"`{statement.kind}` is not computed from parts"
            )
            rest = "an output is complete" if statement.result in outputs else made
            yield Known(statement.names or (statement.home,), statement.type, rest)
        else:
            for carried in statement.carried:
                rest = "an output is complete" if carried.result in outputs else ""
                yield Known(carried.names, carried.type, rest)


def _outer_first(scopes: tuple[Scope, ...]) -> tuple[int, ...]:
    """All scopes, each before what is in it, in the order of the source."""
    children: dict[int, list[int]] = {}
    for scope in scopes:
        children.setdefault(scope.parent, []).append(scope.id)
    order: list[int] = []
    pending = list(reversed(children.get(-1, [])))
    while pending:
        order.append(pending.pop())
        pending += reversed(children.get(order[-1], []))
    return tuple(order)


def _spans(scopes: tuple[Scope, ...], order: tuple[int, ...]) -> dict[int, tuple[int, int]]:
    """Where in ``order`` a scope and all that is in it stand: from, up to."""
    size = dict.fromkeys(order, 1)
    for scope in reversed(order):
        if scopes[scope].parent >= 0:
            size[scopes[scope].parent] += size[scope]
    return {scope: (at, at + size[scope]) for at, scope in enumerate(order)}
