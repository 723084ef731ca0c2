"""``repeat``: one region however often it turns, or as many as a plan tells turns apart."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.diagnostics import Findings
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dimension, same, show
from helixc.elaborate.drafts import DraftCarried, DraftRepeat, DraftScope, Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.layers import RunBody
from helixc.elaborate.places import turn_bounds
from helixc.elaborate.sizes import size
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.plan import Place
from helixc.limits import MAX_SIZE, MAX_TURNS

# What a repeat costs of the depth that there is.
_LEVEL = 5
_DEFAULT_NAME = "layer"


@attrs.define(eq=False)
class Repeats:
    """Elaborates repeats; ``plan`` says at which turns a run of its own must begin."""

    builder: Builder
    run: RunBody
    plan: source.PlanDecl | None
    _told_apart: dict[str, bool] = attrs.field(factory=dict[str, bool])

    def repeat(
        self, statement: source.RepeatStmt, rest: tuple[source.Stmt, ...], env: Environment
    ) -> None:
        """Elaborate a repeat; ``rest`` are the statements after it in the same body."""
        trips = size(statement.count, env, self.builder.findings, least=1)
        carried = self._carried(statement, env)
        if trips is None or not self._few_enough(trips, statement):
            trips = 1
        name = statement.name.text if statement.name is not None else _DEFAULT_NAME
        scope = self.builder.scopes[self.builder.scope]
        first = scope.repeated.get(name, 0)
        scope.repeated[name] = first + trips
        bounds = self._bounds(name, first, trips, rest, env)
        for start, end in zip([first, *bounds], [*bounds, first + trips], strict=True):
            self._run(statement, name, (start, end - start), carried, env)

    def _few_enough(self, trips: int, statement: source.RepeatStmt) -> bool:
        """Whether the turns, times those of the repeats around, stay within the limit."""
        around, scope = 1, self.builder.scope
        while scope >= 0:
            around *= self.builder.scopes[scope].turns
            scope = self.builder.scopes[scope].parent
        if trips * around <= MAX_TURNS:
            return True
        nested = f", {around * trips} with those of the repeats around it" if around > 1 else ""
        message = f"{plural(trips, 'turn')}{nested}; at most {MAX_TURNS} (2^20)"
        self.builder.findings.error("HX0220", message, statement.count.span)
        return False

    def _bounds(
        self,
        name: str,
        first: int,
        trips: int,
        rest: tuple[source.Stmt, ...],
        env: Environment,
    ) -> list[int]:
        """The turns within a repeat, but for its first, at which a run of its own must begin."""
        if name not in self._told_apart:
            self._told_apart[name] = bool(turn_bounds(self.plan, name, MAX_SIZE))
        if not self._told_apart[name]:
            return []
        total = first + trips + _turns(rest, name, env)
        return [b for b in turn_bounds(self.plan, name, total) if first < b < first + trips]

    def _carried(self, statement: source.RepeatStmt, env: Environment) -> list[source.Name]:
        """The names that are bound before and rebound inside, in the order of the source."""
        found: dict[str, source.Name] = {}
        for name in _rebound(statement.body):
            known, value = env.find_value(name.text)
            if isinstance(value, Quantity) and name.text not in found:
                message = (
                    f"`{name.text}` is a number, and one that depends on the turn cannot be said"
                )
                self.builder.findings.error("HX0308", message, name.span)
            elif known and isinstance(value, Value):
                found.setdefault(name.text, name)
        return list(found.values())

    def _run(
        self,
        statement: source.RepeatStmt,
        name: str,
        turns: tuple[int, int],
        carried: list[source.Name],
        env: Environment,
    ) -> None:
        """Elaborate one run of turns: (first turn, number of turns)."""
        first, trips = turns
        scope = DraftScope(
            self.builder.scope, "repeat", name, first=first, turns=trips, span=statement.span
        )
        self.builder.add_scope(scope)
        inner = Environment(env.name, env.file, env.files, scope, outer=env, repeat=True)
        repeat = DraftRepeat(trips, scope.id, statement.span)
        entries = [(n, self._enter(n, scope, repeat, env, inner)) for n in carried]
        owner = self.builder.owner
        with (
            self.builder.deeper(_LEVEL, statement.span),
            self.builder.into(repeat),
            self.builder.inside(scope.id, owner),
        ):
            self.run(statement.body, inner)
        for target, one in entries:
            if one is not None:
                env.bind(target, self._leave(target, one, inner.bindings[target.text]))

    def _enter(
        self,
        name: source.Name,
        scope: DraftScope,
        repeat: DraftRepeat,
        env: Environment,
        inner: Environment,
    ) -> DraftCarried | None:
        """Bind a carried name inside; at home there, it goes by its name outside too."""
        _, init = env.find_value(name.text)
        if not isinstance(init, Value):
            inner.bindings[name.text] = None
            return None
        entry = self.builder.new_value(init.dtype, init.dims)
        result = self.builder.new_value(init.dtype, init.dims)
        entry.base = result.base = name.text
        entry.named = result.named = True
        inside, outside = Place(scope.id, name.text), Place(self.builder.scope, name.text)
        entry.names = dict.fromkeys((inside, outside))
        inner.bindings[name.text] = entry
        one = DraftCarried(entry, init, result, entry)
        repeat.carried.append(one)
        return one

    def _leave(self, name: source.Name, one: DraftCarried, last: Operand | None) -> Operand | None:
        """The value that a carried name has after the repeat; None after a finding."""
        if last is None:
            return None
        before = f"`{name.text}` enters as {one.entry.dtype}{show(one.entry.dims)}"
        if isinstance(last, Quantity):
            message = f"{before} and leaves as the number {last}"
        elif not same(last.dims, one.entry.dims):
            message = f"{before} and leaves as {last.dtype}{show(last.dims)}; "
            message += "a carried value keeps its dimensions"
        elif last.dtype != one.entry.dtype:
            message = f"{before} and leaves as {last.dtype}{show(last.dims)}; "
            message += f"a carried value keeps its dtype: `{one.entry.dtype}(...)` converts"
        else:
            one.yields = last
            return one.result
        self.builder.findings.error("HX0308", message, name.span)
        return None


def _rebound(body: tuple[source.Stmt, ...]) -> Iterator[source.Name]:
    """Every name that a body binds to a value, inner repeats included."""
    pending = [*reversed(body)]
    while pending:
        statement = pending.pop()
        if isinstance(statement, source.Assign):
            yield from (name for name in statement.targets if name.text != "_")
        elif isinstance(statement, source.RepeatStmt):
            pending += reversed(statement.body)


def _turns(rest: tuple[source.Stmt, ...], name: str, env: Environment) -> int:
    """The turns of all repeats of this name among the statements that are still to come."""
    quiet = Findings()
    ahead = Environment(env.name, env.file, env.files, env.scope, outer=env, repeat=True)
    turns = 0
    for statement in rest:
        if isinstance(statement, source.Dims):
            for binding in statement.bindings:
                count = size(binding.value, ahead, quiet)
                dim = None if count is None else Dimension(binding.name.text, count)
                ahead.dims[binding.name.text] = dim
        elif isinstance(statement, source.RepeatStmt):
            called = statement.name.text if statement.name is not None else _DEFAULT_NAME
            if called == name:
                turns += size(statement.count, ahead, quiet) or 0
    return turns
