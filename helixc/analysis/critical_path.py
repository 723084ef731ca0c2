"""The longest path through the program, as steps and as a sum of symbolic terms.

All GPUs run the same program, so one stands for all.  Its schedule (``analysis.schedule``) has two streams,
one that computes and one that communicates.  What depends on each other adds up, and only what really
runs side by side hides behind the longer of the two.  Each step of the path starts when the one before it
ends, so the path has no gaps: a GPU that does not compute waits for a collective.

*Exposed* is the time in which a GPU communicates and does not compute, *hidden* the rest of its
communication.  So the program takes as long as its computing and its exposed communication together.

Low and high are the times that the program would take in this order if every price were at its low, or at
its high: errors are taken to be fully correlated, and no mixture of prices in between goes beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from helixc.analysis.collectives import Timing, kind_of, move_bytes, step_atoms, step_name
from helixc.analysis.exposure import exposed_times
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text
from helixc.analysis.products import time_term
from helixc.analysis.schedule import BodySchedule, Schedule, find_schedule, stream_of
from helixc.analysis.streams import Stream
from helixc.diagnostics import CompilerBug
from helixc.ir.kernels import SOURCES, Source
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement
from helixc.price.interval import BOUNDS, Price, total


@attrs.frozen(kw_only=True)
class PathStep:
    """One statement on the path; ``term`` is its time, symbolically.

    ``start``: picoseconds from the start of the program, of its first execution.
    """

    value: str
    name: str
    kind: str
    stream: Stream
    term: str
    price: Price
    start: int

    @property
    def picoseconds(self) -> int:
        """Time of one execution."""
        return self.price.picoseconds


@attrs.frozen(kw_only=True)
class PathLoop:
    """A repeat on the path: the path of one turn, ``trips`` times over."""

    scope: int
    trips: int
    steps: tuple[Step, ...]

    @property
    def picoseconds(self) -> int:
        """Time of all turns."""
        return self.trips * sum(step.picoseconds for step in self.steps)


Step = PathStep | PathLoop

# In place of a scope: the loop over the slices of a step, around everything else.
SLICES = -1


@attrs.frozen(kw_only=True)
class CriticalPath:
    """The path; the time that each stream is busy with all it does, on the path or beside it.

    ``low`` and ``high``: the program's time with every price at its low and at its high, picoseconds.
    ``exposed_picoseconds``: of all communication the time in which nothing is computed beside it.
    ``timings``: price and exposed time of one execution of each collective, by the value it yields.
    """

    steps: tuple[Step, ...]
    low: int
    high: int
    compute: Price
    communication: Price
    exposed_picoseconds: int
    timings: Mapping[str, Timing] = attrs.field(repr=False)

    @property
    def picoseconds(self) -> int:
        """Length of the path: the time of the program."""
        return sum(step.picoseconds for step in self.steps)

    @property
    def compute_picoseconds(self) -> int:
        """All computing one after the other."""
        return self.compute.picoseconds

    @property
    def communication_picoseconds(self) -> int:
        """All communication one after the other."""
        return self.communication.picoseconds

    @property
    def busy_picoseconds(self) -> int:
        """All work and communication one after the other: what the choice makes least."""
        return self.compute.picoseconds + self.communication.picoseconds

    @property
    def hidden_picoseconds(self) -> int:
        """Communication that runs beside computing."""
        return self.communication.picoseconds - self.exposed_picoseconds

    def timing(self, move: Move) -> Timing:
        """Price and exposed time of one execution of a collective."""
        return self.timings[move.result]

    @property
    def expression(self) -> str:
        """The path as a sum: ``2 x (3 x Get_Time(10240000, 8192, 512) + All_Reduce(..) + ..)``."""
        return expression_of(self.steps)

    @property
    def bounds(self) -> Mapping[str, int]:
        """The time of the path by what bounds its steps, picoseconds; every bound has an entry."""
        times = dict.fromkeys(BOUNDS, 0)
        for step, count in flat_steps(self.steps):
            times[step.price.bound] += count * step.picoseconds
        return times

    @property
    def sources(self) -> Mapping[Source, int]:
        """The time of the path by where the constants of its steps come from, picoseconds."""
        times = dict.fromkeys(SOURCES, 0)
        for step, count in flat_steps(self.steps):
            times[step.price.source] += count * step.picoseconds
        return times


def find_critical_path(program: Spmd, schedule: Schedule | None = None) -> CriticalPath:
    """The longest path of a program along its schedule."""
    schedule = schedule or find_schedule(program)
    prices, slices = schedule.prices, slice_count(program)
    exposed = exposed_times(schedule)
    runs = tuple(_runs(program.body, slices))
    steps = _Steps(program, prices, value_names(program)).path(schedule.root, 0)
    return CriticalPath(
        steps=_in_slices(steps, slices),
        low=slices * schedule.length(lambda value: prices[value].low),
        high=slices * schedule.length(lambda value: prices[value].high),
        compute=total((prices[s.result], n) for s, n in runs if stream_of(s) == "compute"),
        communication=total((prices[s.result], n) for s, n in runs if s.result in exposed),
        exposed_picoseconds=sum(n * exposed.get(s.result, 0) for s, n in runs),
        timings={value: Timing(prices[value], time) for value, time in exposed.items()},
    )


def _in_slices(steps: tuple[Step, ...], slices: int) -> tuple[Step, ...]:
    """The path of a step out of that of a slice: a slice starts when the one before it is done."""
    return steps if slices == 1 else (PathLoop(scope=SLICES, trips=slices, steps=steps),)


def expression_of(
    steps: tuple[Step, ...],
    keep: Callable[[PathStep], bool] | None = None,
    once: tuple[int, ...] = (),
) -> str:
    """A sum of terms, equal ones counted, in order of first appearance; "0" if nothing takes time.

    ``keep`` selects the steps that count; of the repeats ``once`` one turn counts.
    """
    counts: dict[str, int] = {}
    _count_terms(steps, keep, once, counts)
    terms = [_times(term, count) for term, count in counts.items() if count]
    return " + ".join(terms) or "0"


def _count_terms(
    steps: tuple[Step, ...],
    keep: Callable[[PathStep], bool] | None,
    once: tuple[int, ...],
    counts: dict[str, int],
) -> None:
    for step in steps:
        if isinstance(step, PathStep):
            if keep is None or keep(step):
                counts[step.term] = counts.get(step.term, 0) + 1
        elif step.scope in once:
            _count_terms(step.steps, keep, once, counts)
        else:
            term = f"({expression_of(step.steps, keep, once)})"
            if term != "(0)":
                counts[term] = counts.get(term, 0) + step.trips


def flat_steps(steps: tuple[Step, ...], times: int = 1) -> Iterator[tuple[PathStep, int]]:
    """The steps without their loops, each with how often it runs."""
    for step in steps:
        if isinstance(step, PathLoop):
            yield from flat_steps(step.steps, times * step.trips)
        else:
            yield step, times


def _times(term: str, count: int) -> str:
    if count == 1:
        return term.removeprefix("(").removesuffix(")") if term.startswith("(") else term
    return f"{count} x {term}"


def _runs(
    body: tuple[SpmdStatement, ...], times: int
) -> Iterator[tuple[Compute | Move | Reshard, int]]:
    """Every statement with how often it runs."""
    for statement in body:
        if isinstance(statement, Loop):
            yield from _runs(statement.body, times * statement.trips)
        else:
            yield statement, times


@attrs.frozen
class _Steps:
    """Reads paths off a schedule; ``base`` is when the body starts."""

    program: Spmd
    prices: Mapping[str, Price]
    names: Mapping[str, str]

    def path(self, schedule: BodySchedule, base: int) -> tuple[Step, ...]:
        """The chain of steps that ends last, each waiting for the one before."""
        slots = schedule.slots
        chain: list[Step] = []
        position = max(range(len(slots)), key=lambda p: (slots[p].end, -p), default=-1)
        while position >= 0:
            slot = slots[position]
            position = slot.waited_for
            if slot.start == slot.end:
                continue
            statement = schedule.body[slot.job]
            start = base + slot.start
            if isinstance(statement, Loop):
                steps = self.path(schedule.inner[slot.job], start)
                chain.append(PathLoop(scope=statement.scope, trips=statement.trips, steps=steps))
            else:
                chain.append(self._step(statement, start))
        return tuple(reversed(chain))

    def _step(self, statement: Compute | Move | Reshard, start: int) -> PathStep:
        match statement:
            case Compute():
                kind, term = statement.op.kind, time_term(statement, self.program)
            case Move():
                kind, term = step_name(statement.step), self._move_term(statement)
            case Reshard():
                raise CompilerBug(f"the reshard of {statement.source} has not been expanded")
        return PathStep(
            value=statement.result,
            name=self.names[statement.result],
            kind=kind,
            stream=stream_of(statement),
            term=term,
            price=self.prices[statement.result],
            start=start,
        )

    def _move_term(self, move: Move) -> str:
        program = self.program
        atoms = step_atoms(move.step, program.layouts[move.source], program.mesh)
        size = byte_text(move_bytes(move, program))
        return f"{kind_of(move.step).title()}({size}, {program.mesh.ways(atoms)})"
