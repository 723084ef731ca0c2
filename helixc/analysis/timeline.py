"""The timeline of a step: every statement in every turn, from the start of the step.

All GPUs run the same program at the same times, so one timeline stands for all.  The schedule has one
turn of each repeat, and one slice of a step; here they follow each other, or stand for each other where a
reader asks for some of them only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from helixc.analysis.critical_path import SLICES, Step, flat_steps
from helixc.analysis.schedule import BodySchedule, Schedule, stream_of
from helixc.analysis.streams import Stream
from helixc.diagnostics import CompilerBug
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd

# Which of so many turns are told one by one, ascending.
Kept = Callable[[int], Sequence[int]]


@attrs.frozen
class Run:
    """One execution of a statement; ``turns``: of the slices and of the repeats around it.

    Times are picoseconds since the start of the step; what takes no time starts when it ends.
    """

    statement: Compute | Move
    turns: tuple[int, ...]
    start: int
    end: int

    @property
    def value(self) -> str:
        """The value that it yields."""
        return self.statement.result

    @property
    def stream(self) -> Stream:
        """The stream that is busy with it."""
        return stream_of(self.statement)


@attrs.frozen
class Turns:
    """Turns ``first`` to ``last`` of a repeat, counted in its own run; what is in them follows if it is told.

    ``scope``: of the repeat; ``SLICES`` for the slices of a step.  ``told``: whether it is one turn
    whose runs follow.
    """

    scope: int
    first: int
    last: int
    start: int
    end: int
    told: bool


Bar = Run | Turns


def timeline(program: Spmd, schedule: Schedule, kept: Kept) -> Iterator[Bar]:
    """Everything in the order of the schedule, turns before what is in them."""
    slices = slice_count(program)
    if slices == 1:
        yield from _body(schedule.root, kept, (), 0)
    else:
        yield from _turns(SLICES, slices, schedule.root, kept, (), 0)


def _body(schedule: BodySchedule, kept: Kept, turns: tuple[int, ...], base: int) -> Iterator[Bar]:
    for slot in schedule.slots:
        statement = schedule.body[slot.job]
        if isinstance(statement, Loop):
            inner = schedule.inner[slot.job]
            start = base + slot.start
            yield from _turns(statement.scope, statement.trips, inner, kept, turns, start)
        elif isinstance(statement, Reshard):
            raise CompilerBug(f"the reshard of {statement.source} has not been expanded")
        else:
            yield Run(statement, turns, base + slot.start, base + slot.end)


def _turns(
    scope: int, trips: int, inner: BodySchedule, kept: Kept, turns: tuple[int, ...], base: int
) -> Iterator[Bar]:
    for bar in turns_of(scope, trips, kept, inner.picoseconds, base):
        yield bar
        if bar.told:
            yield from _body(inner, kept, (*turns, bar.first), bar.start)


def turns_of(scope: int, trips: int, kept: Kept, time: int, base: int) -> Iterator[Turns]:
    """The turns of a repeat, of ``time`` each, one after the other; those not kept in one piece."""
    following = 0
    for turn in (*kept(trips), trips):
        if turn > following:
            start, end = base + following * time, base + turn * time
            yield Turns(scope, following, turn - 1, start, end, told=False)
        if turn < trips:
            start = base + turn * time
            yield Turns(scope, turn, turn, start, start + time, told=True)
        following = turn + 1


def every_turn(trips: int) -> range:
    """All turns."""
    return range(trips)


def first_and_last(trips: int) -> tuple[int, ...]:
    """The first turn, the second, which stands for most, and the last."""
    return tuple(sorted({0, min(1, trips - 1), trips - 1})) if trips else ()


def count_runs(program: Spmd, schedule: Schedule, kept: Kept) -> Mapping[Stream, int]:
    """How many runs that take time a timeline has on each stream, counted without making them."""
    counts: dict[Stream, int] = {"compute": 0, "communication": 0}
    _count(schedule.root, kept, len(kept(slice_count(program))), counts)
    return counts


def _count(schedule: BodySchedule, kept: Kept, times: int, counts: dict[Stream, int]) -> None:
    for slot in schedule.slots:
        statement = schedule.body[slot.job]
        if slot.start == slot.end:
            continue
        if isinstance(statement, Loop):
            _count(schedule.inner[slot.job], kept, times * len(kept(statement.trips)), counts)
        else:
            counts[stream_of(statement)] += times


def path_values(steps: tuple[Step, ...]) -> frozenset[str]:
    """The values whose making is on the longest path."""
    return frozenset(step.value for step, _ in flat_steps(steps))
