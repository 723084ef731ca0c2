"""The schedule of a program: the one order in which every GPU runs its statements, and when.

All GPUs run the same program on two streams each, so one GPU is scheduled for all, and one turn of a
repeat for all its turns: a turn starts when the one before is done.  The report, the memory and the tasks
per GPU (``passes.schedule``) all follow this order.  It makes the program short first, and small second: where
another order than the program's own gains time, a statement that much waits for is started early, and what
it yields lives longer.  Gathers of weights do not run far ahead (``analysis.ahead``).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

import attrs

from helixc.analysis.ahead import Brought, held_back, unit_of
from helixc.analysis.collectives import kind_of
from helixc.analysis.prices import StatementPrice, default_prices
from helixc.analysis.streams import (
    BOTH,
    COMMUNICATION,
    COMPUTE,
    Job,
    Slot,
    Stream,
    length,
    place,
    short_order,
)
from helixc.analysis.uses import gives_of, reads_of
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, walk
from helixc.price.interval import Price


@attrs.frozen(eq=False)
class BodySchedule:
    """One run of a body: ``slots`` in the order of the schedule, times from its start.

    ``jobs`` stand beside the statements of ``body``; ``inner`` has one turn of each repeat in it, by
    position in the body.
    """

    body: tuple[SpmdStatement, ...]
    jobs: tuple[Job, ...]
    slots: tuple[Slot, ...]
    inner: Mapping[int, BodySchedule]

    @property
    def picoseconds(self) -> int:
        """The time of one run."""
        return length(self.slots)


@attrs.frozen
class Moment:
    """A statement that begins or ends, in one turn of each repeat around it.

    A repeat itself begins once for each turn, with that turn last in ``turns``, and ends once.
    ``picoseconds``: since the start of the program, of a repeat's later turns as if it were the first.
    """

    statement: SpmdStatement
    turns: tuple[int, ...]
    begins: bool
    picoseconds: int


@attrs.frozen
class Position:
    """Where a statement stands in turn ``t``: at ``first + sum of t[i] * strides[i]``."""

    first: int
    strides: tuple[int, ...]


@attrs.frozen(eq=False)
class Schedule:
    """The schedule of a program, and the price of each statement by the value that it yields."""

    root: BodySchedule
    prices: Mapping[str, Price]

    @property
    def picoseconds(self) -> int:
        """The time of the program."""
        return self.root.picoseconds

    def length(self, time: Callable[[str], int]) -> int:
        """The time of the program with the order held fixed, if each statement took ``time``."""
        return _length(self.root, time)

    def positions(self) -> Mapping[str, Position]:
        """Where each statement stands among all that a GPU runs, by the value that it yields."""
        return dict(_positions(self.root, 0, ()))

    def moments(self, turns: Callable[[Loop], Sequence[int]]) -> Iterator[Moment]:
        """Everything that begins and ends, in order, for some turns of each repeat."""
        return _moments(self.root, turns, (), 0)


def find_schedule(program: Spmd, price: StatementPrice | None = None) -> Schedule:
    """The schedule of a program whose collectives are explicit."""
    price = price or default_prices(program)
    scheduler = _Scheduler(price, _weight_copies(program))
    return Schedule(root=scheduler.schedule(program.body), prices=scheduler.prices)


def stream_of(statement: Compute | Move | Reshard) -> Stream:
    """The stream that runs a statement; a step that moves no bytes is computed."""
    collective = isinstance(statement, Move) and kind_of(statement.step)
    return "communication" if collective else "compute"


def _weight_copies(program: Spmd) -> Mapping[str, Hashable]:
    """The copies of weights that moves make, each with the call to which the weight belongs."""
    units: dict[str, Hashable] = {}
    copies: dict[str, Hashable] = {}
    for statement in walk(program.body):
        if isinstance(statement, Compute) and statement.result in program.stored:
            units[statement.result] = unit_of(statement.op, program.scopes)
        elif isinstance(statement, Move) and statement.source in units:
            units[statement.result] = copies[statement.result] = units[statement.source]
    return copies


class _Scheduler:
    """Schedules bodies; ``prices`` are those of the statements met, ``copies`` those of weights."""

    def __init__(self, price: StatementPrice, copies: Mapping[str, Hashable]) -> None:
        self.price = price
        self.copies = copies
        self.prices: dict[str, Price] = {}

    def schedule(self, body: tuple[SpmdStatement, ...]) -> BodySchedule:
        """One run of a body."""
        inner: dict[int, BodySchedule] = {}
        jobs: list[Job] = []
        waits = held_back([self._brought(statement) for statement in body])
        for index, statement in enumerate(body):
            if isinstance(statement, Loop):
                inner[index] = self.schedule(statement.body)
                time, streams = statement.trips * inner[index].picoseconds, BOTH
            else:
                self.prices[statement.result] = self.price(statement)
                time = self.prices[statement.result].picoseconds
                own = COMPUTE if stream_of(statement) == "compute" else COMMUNICATION
                streams = own if time else ()
            reads = (*reads_of(statement), *waits[index])
            jobs.append(Job(reads, gives_of(statement), streams, time))
        inputs = [i for i, s in enumerate(body) if isinstance(s, Compute) and s.op.kind == "input"]
        slots = place(jobs, short_order(jobs, inputs))
        return BodySchedule(body=body, jobs=tuple(jobs), slots=slots, inner=inner)

    def _brought(self, statement: SpmdStatement) -> Brought:
        collective = not isinstance(statement, Loop) and stream_of(statement) == "communication"
        unit = self.copies.get(gives_of(statement)[0]) if isinstance(statement, Move) else None
        return Brought(reads_of(statement), gives_of(statement), unit, collective)


def _length(schedule: BodySchedule, time: Callable[[str], int]) -> int:
    jobs = list(schedule.jobs)
    for index, statement in enumerate(schedule.body):
        if isinstance(statement, Loop):
            took = statement.trips * _length(schedule.inner[index], time)
        else:
            took = time(statement.result)
        jobs[index] = attrs.evolve(jobs[index], picoseconds=took)
    return length(place(jobs, [slot.job for slot in schedule.slots]))


def _positions(
    schedule: BodySchedule, first: int, strides: tuple[int, ...]
) -> Iterator[tuple[str, Position]]:
    for slot in schedule.slots:
        statement = schedule.body[slot.job]
        if isinstance(statement, Loop):
            inner = schedule.inner[slot.job]
            stride = _statements(inner)
            yield from _positions(inner, first, (*strides, stride))
            first += statement.trips * stride
        else:
            yield statement.result, Position(first, strides)
            first += 1


def _statements(schedule: BodySchedule) -> int:
    """How many statements one run of a body executes."""
    loops = (
        (statement.trips, schedule.inner[index])
        for index, statement in enumerate(schedule.body)
        if isinstance(statement, Loop)
    )
    simple = len(schedule.body) - len(schedule.inner)
    return simple + sum(trips * _statements(inner) for trips, inner in loops)


def _moments(
    schedule: BodySchedule,
    kept: Callable[[Loop], Sequence[int]],
    turns: tuple[int, ...],
    base: int,
) -> Iterator[Moment]:
    for slot, begins in events(schedule.slots):
        statement = schedule.body[slot.job]
        time = base + (slot.start if begins else slot.end)
        if begins and isinstance(statement, Loop):
            for turn in kept(statement):
                here = (*turns, turn)
                yield Moment(statement, here, begins=True, picoseconds=time)
                yield from _moments(schedule.inner[slot.job], kept, here, time)
        else:
            yield Moment(statement, turns, begins=begins, picoseconds=time)


def events(slots: Sequence[Slot]) -> Iterator[tuple[Slot, bool]]:
    """Each slot when it begins (True) and when it ends; what ends at a time comes before what begins."""
    running: list[Slot] = []
    for slot in slots:
        over = [other for other in running if other.end <= slot.start]
        running = [other for other in running if other.end > slot.start]
        yield from ((other, False) for other in sorted(over, key=lambda other: other.end))
        yield slot, True
        if slot.start == slot.end:
            yield slot, False
        else:
            running.append(slot)
    yield from ((other, False) for other in sorted(running, key=lambda other: other.end))
