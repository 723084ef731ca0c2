"""A partitioned program as functions: one per layer call, one per repeat, one for the whole model.

A function holds the statements that stand together in one call.  Inside it they come in the order of the
schedule, and a collective during which something is computed is started first and waited for later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from helixc.analysis.schedule import Schedule
from helixc.analysis.uses import gives_of, reads_of, taken_from_outside
from helixc.ir.advance import STILL, Advance
from helixc.ir.logical import ancestors
from helixc.ir.scope_names import step_of
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement
from helixc.pytorch.identifiers import TAKEN, Identifiers
from helixc.pytorch.lines import Writer, pending
from helixc.pytorch.order import by_start, overlapping_in, starts_of
from helixc.pytorch.scopes import between, homes_of, titles_of
from helixc.pytorch.weights import is_weight

_STEP = "    "
# A call of so few operators and no weight is not worth a function.
_FEW = 2


@attrs.frozen
class Function:
    """One function of the module."""

    name: str
    parameters: tuple[str, ...]
    lines: tuple[str, ...]

    def text(self) -> str:
        """The function as Python."""
        head = f"def {self.name}({', '.join(('mesh', 'weights', *self.parameters))}):"
        return "\n".join([head, *(_STEP + line if line else "" for line in self.lines)])


@attrs.frozen
class Call:
    """The statements of one call, which become a function."""

    scope: int
    statements: tuple[SpmdStatement, ...]

    @property
    def gives(self) -> tuple[str, ...]:
        """The values that it makes."""
        return tuple(value for s in self.statements for value in gives_of(s))

    @property
    def reads(self) -> tuple[str, ...]:
        """The values that it takes from outside."""
        own = set(self.gives)
        reads = (value for s in self.statements for value in reads_of(s))
        return tuple(dict.fromkeys(value for value in reads if value not in own))


@attrs.frozen
class Wait:
    """A step that was started before is waited for."""

    move: Move


Event = Call | Wait | SpmdStatement


def functions_of(
    program: Spmd, schedule: Schedule, advance: Advance = STILL, *, timed: bool = False
) -> tuple[Function, ...]:
    """The functions of a program, each after those that it calls; the last one is ``forward``.

    ``timed``: after each statement stands a line that notes the time.
    """
    made = Functions(program, starts_of(schedule.root), advance, timed=timed)
    outputs = tuple(output.value for output in program.outputs)
    events = list(made.events(program.body, 0))
    writer = made.writer(events, outputs, 0)
    lines = list(made.lines(events, writer, 0))
    lines += ["return {"]
    lines += [f'{_STEP}"{o.name}": {writer.names.of(o.value)},' for o in program.outputs]
    return (*made.found, Function("forward", ("inputs",), (*lines, "}")))


class Functions:
    """Makes the functions of a program; ``found`` are those that are finished.

    What other forms of a program write otherwise stands in methods of its own: the order of statements, how
    the statements of a call are grouped, and the text of a call and of a loop's first line.
    """

    def __init__(
        self, program: Spmd, starts: Mapping[int, int], advance: Advance, *, timed: bool
    ) -> None:
        self.program = program
        self.advance = advance
        self.starts = starts
        self.timed = timed
        self.homes = homes_of(program)
        self.titles = Identifiers(TAKEN)
        self.taken = (*TAKEN, *titles_of(program))
        self.found: list[Function] = []

    def writer(self, events: Sequence[Event], wanted: Iterable[str], base: int) -> Writer:
        """What writes a function of some events, after which some values are wanted."""
        last = {value: i for i, event in enumerate(events) for value in _reads(event)}
        last.update(dict.fromkeys(wanted, len(events)))
        names = Identifiers(self.taken, last)
        return self.new_writer(names, base)

    def new_writer(self, names: Identifiers, base: int) -> Writer:
        """What writes statements whose values go by ``names``, in a function of a scope."""
        place = partial(self._place, base=base)
        return Writer(self.program, self.advance, self.homes, names, place)

    def events(self, body: Sequence[SpmdStatement], scope: int) -> Iterator[Event]:
        """What a function for a body at ``scope`` does, one after the other."""
        for inside, statements in self._runs(body, scope):
            few = len(statements) <= _FEW and not any(map(_has_weight, statements))
            if inside < 0 or few:
                yield from self.in_time(statements)
            else:
                yield Call(inside, statements)

    def _runs(
        self, body: Sequence[SpmdStatement], scope: int
    ) -> Iterator[tuple[int, tuple[SpmdStatement, ...]]]:
        """Statements that stand together: of one call directly in ``scope``, or (-1) of none."""
        held: list[SpmdStatement] = []
        inside = -1
        for statement in body:
            call = self._call_in(statement, scope)
            if held and call != inside:
                yield inside, tuple(held)
                held = []
            inside = call
            held.append(statement)
        if held:
            yield inside, tuple(held)

    def _call_in(self, statement: SpmdStatement, scope: int) -> int:
        chain = list(ancestors(self.program.scopes, statement.scope))
        if scope not in chain:
            return -1
        inner = chain[: chain.index(scope)]
        # A repeat directly in the body stands in no call, whatever it holds.
        return inner[-1] if inner and self.program.scopes[inner[-1]].kind == "layer" else -1

    def in_time(self, statements: Sequence[SpmdStatement]) -> Iterator[SpmdStatement | Wait]:
        """Statements by their start, and where the steps that overlap with others are waited for."""
        ordered = by_start(statements, self.starts)
        overlapping = overlapping_in(ordered)
        started: dict[str, Move] = {}
        for statement in ordered:
            for value in reads_of(statement):
                if value in started:
                    yield Wait(started.pop(value))
            yield statement
            if isinstance(statement, Move) and statement.result in overlapping:
                started[statement.result] = statement
        yield from map(Wait, started.values())

    # --- lines

    def lines(self, events: Sequence[Event], writer: Writer, base: int) -> Iterator[str]:
        """The lines of a function; ``base``: the scope whose weights it is given."""
        started = {event.move.result for event in events if isinstance(event, Wait)}
        for position, event in enumerate(events):
            match event:
                case Call():
                    yield from self._call(event, position, writer, base)
                case Wait():
                    yield from writer.wait(event.move, position)
                    yield from self._noted("waited", event.move)
                case Loop():
                    yield from self._loop(event, position, writer, base)
                case Compute():
                    yield from writer.compute(event, position)
                    yield from self._noted("done", event)
                case Move():
                    yield from writer.move(event, position, starts=event.result in started)
                    if event.result in started:
                        ready = writer.names.of(pending(event))
                        yield from self._noted("started", event, f", {ready}")
                    else:
                        yield from self._noted("done", event)
                case _:
                    raise ValueError(f"{event.result} says what is wanted, not how it is done")

    def _noted(self, what: str, statement: Compute | Move, more: str = "") -> Iterator[str]:
        """The line that notes the time."""
        if self.timed:
            yield f'mesh.{what}("{statement.result}"{more})'

    def _call(self, call: Call, position: int, writer: Writer, base: int) -> Iterator[str]:
        wanted = tuple(v for v in call.gives if writer.names.is_read_after(v, position))
        inner_events = self.inside(call)
        inner = self.writer(inner_events, wanted, call.scope)
        parameters = tuple(inner.give(value, -1) for value in call.reads)
        lines = list(self.lines(inner_events, inner, call.scope))
        if wanted:
            lines.append("return " + ", ".join(inner.names.of(value) for value in wanted))
        name = self.add(call.scope, parameters, lines)
        given = [writer.names.of(value) for value in call.reads]
        targets = ", ".join([writer.give(value, position) for value in wanted])
        text = self.invocation(name, call.scope, base, given)
        yield f"{targets} = {text}" if targets else text

    def _loop(self, loop: Loop, position: int, writer: Writer, base: int) -> Iterator[str]:
        """A ``for`` over a function of its own."""
        yields = tuple(value.yields for value in loop.carried)
        events = list(self.events(loop.body, loop.scope))
        inner = self.writer(events, yields, loop.scope)
        outside = taken_from_outside(loop)
        taken = (*(value.entry for value in loop.carried), *outside)
        parameters = tuple(inner.give(value, -1, held=True) for value in taken)
        lines = list(self.lines(events, inner, loop.scope))
        if loop.carried:
            yielded = (inner.text(v.yields, v.type.dims) for v in loop.carried)
            lines.append("return " + ", ".join(yielded))
        name = self.add(loop.scope, parameters, lines)
        captured = [writer.names.of(value) for value in outside]
        # Every turn reads what comes from outside, so no turn may give its name to what it yields.
        for value in outside:
            writer.names.hold(value, position)
        starts = [writer.text(value.init, value.type.dims) for value in loop.carried]
        targets = [writer.give(value.result, position, held=True) for value in loop.carried]
        if starts != targets:
            yield f"{', '.join(targets)} = {', '.join(starts)}"
        yield self.turns(loop)
        call = self.invocation(name, loop.scope, base, [*targets, *captured])
        yield f"{_STEP}{', '.join(targets)} = {call}" if targets else f"{_STEP}{call}"

    def inside(self, call: Call) -> list[Event]:
        """What the function of a call does."""
        return list(self.in_time(call.statements))

    def turns(self, loop: Loop) -> str:
        """The first line of a loop."""
        scope = self.program.scopes[loop.scope]
        first = f"{scope.first}, " if scope.first else ""
        return f"for turn in range({first}{scope.first + loop.trips}):"

    # --- names

    def add(self, scope: int, parameters: tuple[str, ...], lines: Iterable[str]) -> str:
        """Note a finished function of a scope; its name."""
        found = self.program.scopes[scope]
        wish = found.name if found.kind == "repeat" else step_of(found, {})
        name = self.titles.give(f"function {len(self.found)}", wish, -1, held=True)
        self.found.append(Function(name, parameters, tuple(lines)))
        return name

    def invocation(self, name: str, scope: int, base: int, given: Iterable[str]) -> str:
        """The call of a function of ``scope`` in one of ``base``."""
        arguments = ("mesh", f"weights{self._way(scope, base)}", *given)
        return f"{name}({', '.join(arguments)})"

    def _way(self, scope: int, base: int) -> str:
        """What leads from the weights of one scope to those of one inside it."""
        text = ""
        for found in reversed(between(self.program, scope, base)):
            own = self.program.scopes[found]
            turn = '"' if own.kind != "repeat" else ""
            step = step_of(own, {own.id: "{turn}"})
            text += f'.inside("{step}")' if turn else f'.inside(f"{step}")'
        return text

    def _place(self, scope: int, base: int) -> str:
        """How a function that is given the weights of ``base`` calls those of a scope inside it."""
        return f"weights{self._way(scope, base)}"


def _reads(event: Event) -> tuple[str, ...]:
    match event:
        case Call():
            return event.reads
        case Wait():
            return (pending(event.move),)
        case _:
            return reads_of(event)


def _has_weight(statement: SpmdStatement) -> bool:
    return isinstance(statement, Loop) or (isinstance(statement, Compute) and is_weight(statement))
