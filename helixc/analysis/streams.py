"""List scheduling on the two streams of a GPU: in which order a body's statements run, and when.

Each stream takes, of its statements that are ready, the one with the longest remaining path first (ties
by program order); what runs on both streams at once (a repeat) waits until both are free, and while it is
first in line nothing that comes after it is started.  This is Graham's list scheduling (SIAM J. Appl. Math.
17(2), 1969): never longer than everything in a row, but with anomalies; a shorter time for one statement
may change the order and make the whole longer.  With the order held fixed (``place``) times are monotone.

What takes no time takes no stream and is done just before the first statement that reads it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar

import attrs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Time = TypeVar("Time", int, "NDArray[np.int64]")
Stream = Literal["compute", "communication"]
COMPUTE: tuple[Stream, ...] = ("compute",)
COMMUNICATION: tuple[Stream, ...] = ("communication",)
BOTH: tuple[Stream, ...] = ("compute", "communication")


@attrs.frozen
class Job:
    """A statement as a scheduler sees it: what it needs, what it gives, where it runs and how long.

    No streams: it takes no time.
    """

    reads: tuple[str, ...]
    gives: tuple[str, ...]
    streams: tuple[Stream, ...]
    picoseconds: int


@attrs.frozen
class Slot:
    """When a job (by its position among the jobs) runs.

    ``waited_for``: the slot, by its position among the slots, whose end let it start; -1 if none.
    """

    job: int
    start: int
    end: int
    waited_for: int


def place(jobs: Sequence[Job], order: Sequence[int]) -> tuple[Slot, ...]:
    """When each job runs if every stream takes its jobs in this order, each as early as it can.

    The order must be topological.
    """
    slots: list[Slot] = []
    last: dict[Stream, int] = dict.fromkeys(BOTH, -1)
    bringer: dict[str, int] = {}

    def end(slot: int) -> int:
        return slots[slot].end if slot >= 0 else 0

    for position, index in enumerate(order):
        job = jobs[index]
        waits = [bringer.get(value, -1) for value in job.reads]
        latest = max([*waits, *(last[stream] for stream in job.streams)], key=end, default=-1)
        slots.append(Slot(index, end(latest), end(latest) + job.picoseconds, latest))
        last.update(dict.fromkeys(job.streams, position))
        if job.streams or job.picoseconds:
            latest = position
        bringer.update(dict.fromkeys(job.gives, latest))
    return _just_in_time(jobs, slots)


def _just_in_time(jobs: Sequence[Job], slots: list[Slot]) -> tuple[Slot, ...]:
    """What takes no time is put off to the start of the job after it."""
    following = length(slots)
    for position in reversed(range(len(slots))):
        job = jobs[slots[position].job]
        if not job.streams and not job.picoseconds:
            slots[position] = attrs.evolve(slots[position], start=following, end=following)
        following = slots[position].start
    return tuple(slots)


def length(slots: Iterable[Slot]) -> int:
    """The time until all is done."""
    return max((slot.end for slot in slots), default=0)


def list_order(jobs: Sequence[Job], first: Iterable[int] = ()) -> tuple[int, ...]:
    """The order of list scheduling; ``first`` are jobs without time that stand before all others.

    Jobs come in a topological order.
    """
    after = _sources(jobs)
    return in_order(_Gpu(jobs, after).run(), after, first)


def short_order(jobs: Sequence[Job], first: Iterable[int] = ()) -> tuple[int, ...]:
    """The order of the program if list scheduling gains no time over it, else that of list scheduling.

    A value that is read soon after it is made takes memory for a short time only, and a program reads
    more or less in that order.
    """
    first = tuple(first)
    listed = list_order(jobs, first)
    written = in_order([i for i, job in enumerate(jobs) if job.streams], _sources(jobs), first)
    return written if length(place(jobs, written)) <= length(place(jobs, listed)) else listed


def _sources(jobs: Sequence[Job]) -> list[tuple[int, ...]]:
    """For each job those that it reads from."""
    makers = {value: index for index, job in enumerate(jobs) for value in job.gives}
    return [tuple(dict.fromkeys(makers[v] for v in job.reads if v in makers)) for job in jobs]


def in_order(
    started: Sequence[int], after: Sequence[tuple[int, ...]], first: Iterable[int]
) -> tuple[int, ...]:
    """All jobs, those that take time in the order in which they start; ``after``: what each reads."""
    order: dict[int, None] = dict.fromkeys(first)
    for index in (*started, *range(len(after))):
        _append(order, index, after)
    return tuple(order)


def _append(order: dict[int, None], index: int, after: Sequence[tuple[int, ...]]) -> None:
    """Put a job at the end, and before it what it reads and is not there yet: that takes no time."""
    waiting = [index]
    while waiting:
        missing = [job for job in after[waiting[-1]] if job not in order]
        if missing:
            waiting += reversed(missing)
        else:
            order[waiting.pop()] = None


def readers_of(after: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """For each job those that read what it gives; ``after``: those that each reads from."""
    readers: list[list[int]] = [[] for _ in after]
    for index, needed in enumerate(after):
        for job in needed:
            readers[job].append(index)
    return tuple(map(tuple, readers))


def remaining_paths(
    times: Sequence[Time],
    readers: Sequence[Sequence[int]],
    nothing: Time,
    later: Callable[[Time, Time], Time],
) -> list[Time]:
    """For each job the longest path from its start to the end of all; ``later``: the larger of two times.

    Times are numbers, or columns of numbers.
    """
    remaining = [nothing] * len(times)
    for index in reversed(range(len(times))):
        beyond = nothing
        for reader in readers[index]:
            beyond = later(beyond, remaining[reader])
        remaining[index] = times[index] + beyond
    return remaining


class Waiting:
    """What jobs still wait for; ``timed``: which of them take time, the others are done when they can be."""

    def __init__(self, readers: Sequence[Sequence[int]], timed: Sequence[bool]) -> None:
        self._readers = readers
        self._timed = timed
        self._missing = [0] * len(readers)
        for own in readers:
            for reader in own:
                self._missing[reader] += 1

    def first(self) -> list[int]:
        """The jobs with time that can start before any other is done."""
        free = [index for index, count in enumerate(self._missing) if not count]
        ready = [index for index in free if self._timed[index]]
        for index in free:
            if not self._timed[index]:
                ready += self.finish(index)
        return ready

    def finish(self, job: int) -> list[int]:
        """Give what a job yields to its readers; the jobs with time that can start then."""
        ready: list[int] = []
        done = [job]
        while done:
            for reader in self._readers[done.pop()]:
                self._missing[reader] -= 1
                if not self._missing[reader]:
                    (ready if self._timed[reader] else done).append(reader)
        return ready


# The longest remaining path, negative, and the position in the program: what goes first is least.
_Key = tuple[int, int]


class _Gpu:
    """The two streams while they run a set of jobs, from one event to the next."""

    def __init__(self, jobs: Sequence[Job], after: Sequence[tuple[int, ...]]) -> None:
        self._jobs = jobs
        readers = readers_of(after)
        self._waiting = Waiting(readers, [bool(job.streams) for job in jobs])
        self._remaining = remaining_paths([job.picoseconds for job in jobs], readers, 0, max)
        self._ready: dict[tuple[Stream, ...], list[_Key]] = {
            streams: [] for streams in (COMPUTE, COMMUNICATION, BOTH)
        }
        self._idle = set(BOTH)
        self._running: list[tuple[int, int]] = []
        self._started: list[int] = []

    def run(self) -> list[int]:
        """The jobs that take time, by their start."""
        self._queue(self._waiting.first())
        self._start(0)
        while self._running:
            now = self._running[0][0]
            while self._running and self._running[0][0] == now:
                _, job = heapq.heappop(self._running)
                self._idle.update(self._jobs[job].streams)
                self._queue(self._waiting.finish(job))
            self._start(now)
        return self._started

    def _queue(self, jobs: Iterable[int]) -> None:
        for index in jobs:
            heapq.heappush(self._ready[self._jobs[index].streams], (-self._remaining[index], index))

    def _start(self, now: int) -> None:
        """Start on each idle stream what is first in line there."""
        alone = self._ready[BOTH][0] if self._ready[BOTH] else None
        for streams in (COMPUTE, COMMUNICATION):
            ready = self._ready[streams]
            if self._idle.issuperset(streams) and ready and (alone is None or ready[0] < alone):
                self._begin(ready, now)
        if alone is not None and self._idle.issuperset(BOTH):
            self._begin(self._ready[BOTH], now)

    def _begin(self, ready: list[_Key], now: int) -> None:
        _, job = heapq.heappop(ready)
        self._idle.difference_update(self._jobs[job].streams)
        self._started.append(job)
        heapq.heappush(self._running, (now + self._jobs[job].picoseconds, job))
