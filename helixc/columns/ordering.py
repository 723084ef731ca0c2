"""List scheduling of one body for a column of plans: in which order its tasks run, and how long that takes.

``analysis.streams`` schedules one plan.  Here it schedules one plan of a column, and its run is then
followed for all others: wherever it compared two numbers, so are the numbers of every plan.  Those for
which a comparison comes out otherwise are left for another run.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from helixc.analysis.streams import (
    BOTH,
    COMMUNICATION,
    COMPUTE,
    Slot,
    Stream,
    Waiting,
    in_order,
    readers_of,
    remaining_paths,
)
from helixc.columns.family import Column, Mask

Streams = tuple[Stream, ...]


@attrs.frozen(eq=False)
class TimedJob:
    """A task as a scheduler sees it, with its picoseconds in each plan."""

    reads: tuple[str, ...]
    gives: tuple[str, ...]
    streams: Streams
    picoseconds: Column
    is_input: bool


@attrs.frozen(eq=False)
class Order:
    """The plans that run their jobs in one order, and when each of them has done everything.

    ``slots``: when each job runs in one of these plans; in the others at other times, but in this order.
    """

    slots: tuple[Slot, ...]
    plans: Mask
    picoseconds: Column


def find_orders(jobs: Sequence[TimedJob], plans: Mask) -> list[Order]:
    """The orders in which plans run their jobs."""
    found: list[Order] = []
    shared = _Shared(jobs)
    left = plans
    while left.any():
        found.append(shared.order_of(left))
        left = left & ~found[-1].plans
    return found


class _Shared:
    """What all runs of the same jobs have in common."""

    def __init__(self, jobs: Sequence[TimedJob]) -> None:
        self.jobs = jobs
        makers = {value: index for index, job in enumerate(jobs) for value in job.gives}
        self.after = [
            tuple(dict.fromkeys(makers[v] for v in job.reads if v in makers)) for job in jobs
        ]
        self.readers = readers_of(self.after)
        zeros = np.zeros_like(jobs[0].picoseconds) if jobs else np.zeros(0, dtype=np.int64)
        self.zeros = zeros
        times = [job.picoseconds for job in jobs]
        self.remaining = remaining_paths(times, self.readers, zeros, np.maximum)

    def order_of(self, plans: Mask) -> Order:
        """The order in which the first of some plans runs its jobs, for those of them that share it."""
        plan = int(plans.argmax())
        same = plans.copy()
        for job in self.jobs:
            works = job.picoseconds > 0
            same &= works == works[plan]
        followed = _Followed(self, plan, same)
        followed.run()
        inputs = [index for index, job in enumerate(self.jobs) if job.is_input]
        timed = [index for index, job in enumerate(self.jobs) if job.picoseconds[plan]]
        listed = self._placed(in_order(followed.started, self.after, inputs), plan)
        written = self._placed(in_order(timed, self.after, inputs), plan)
        gains = listed[1] < written[1]
        slots, done = listed if gains[plan] else written
        return Order(slots, same & (gains == gains[plan]), done)

    def _placed(self, order: Sequence[int], plan: int) -> tuple[tuple[Slot, ...], Column]:
        """When jobs run if every stream takes them in this order, as ``streams.place`` has it.

        The slots are those of one plan, the time until all is done that of every plan.
        """
        last: dict[Stream, Column] = dict.fromkeys(BOTH, self.zeros)
        ready: dict[str, Column] = {}
        done = self.zeros
        ends: list[int] = []
        for index in order:
            job = self.jobs[index]
            end = _latest([ready[value] for value in job.reads if value in ready], self.zeros)
            if job.picoseconds[plan]:
                end = _latest([end, *(last[stream] for stream in job.streams)], self.zeros)
                end = end + job.picoseconds
                last.update(dict.fromkeys(job.streams, end))
                done = np.maximum(done, end)
            ready.update(dict.fromkeys(job.gives, end))
            ends.append(int(end[plan]))
        return self._slots(order, ends, plan), done

    def _slots(self, order: Sequence[int], ends: Sequence[int], plan: int) -> tuple[Slot, ...]:
        """What takes no time is put off to the start of the job after it."""
        slots: list[Slot] = []
        following = max(ends, default=0)
        for index, end in zip(reversed(order), reversed(ends), strict=True):
            time = int(self.jobs[index].picoseconds[plan])
            own = end if time else following
            following = own - time
            slots.append(Slot(index, following, own, -1))
        return tuple(reversed(slots))


def _latest(times: Sequence[Column], start: Column) -> Column:
    latest = times[0] if times else start
    for time in times[1:]:
        latest = np.maximum(latest, time)
    return latest


class _Followed:
    """The run of one plan, and which of the others take every turn as it does.

    The two streams go from one event to the next as in ``analysis.streams``; ``same`` loses the plans
    that would go another way.
    """

    def __init__(self, shared: _Shared, plan: int, same: Mask) -> None:
        self.shared = shared
        self.plan = plan
        self.same = same
        timed = [bool(job.picoseconds[plan]) for job in shared.jobs]
        self.waiting = Waiting(shared.readers, timed)
        self.ready: dict[Streams, list[int]] = {s: [] for s in (COMPUTE, COMMUNICATION, BOTH)}
        self.idle: set[Stream] = set(BOTH)
        self.running: list[tuple[int, Column]] = []
        self.started: list[int] = []

    def run(self) -> None:
        """Go from the first event to the last."""
        self._queue(self.waiting.first())
        self._start(self.shared.zeros)
        while self.running:
            now = min((end for _, end in self.running), key=lambda end: int(end[self.plan]))
            over: list[int] = [j for j, end in self.running if end[self.plan] == now[self.plan]]
            for job, end in self.running:
                self.same &= (end == now) if job in over else (end > now)
            self.running = [entry for entry in self.running if entry[0] not in over]
            for job in over:
                self.idle.update(self.shared.jobs[job].streams)
                self._queue(self.waiting.finish(job))
            self._start(now)

    def _queue(self, jobs: Sequence[int]) -> None:
        for index in jobs:
            self.ready[self.shared.jobs[index].streams].append(index)

    def _start(self, now: Column) -> None:
        """Start on each idle stream what is first in line there."""
        alone = self._first(BOTH)
        for streams in (COMPUTE, COMMUNICATION):
            if not self.idle.issuperset(streams) or not self.ready[streams]:
                continue
            job = self._first(streams)
            if job is not None and (alone is None or self._goes_before(job, alone)):
                self._begin(job, now)
        if alone is not None and self.idle.issuperset(BOTH):
            self._begin(alone, now)

    def _first(self, streams: Streams) -> int | None:
        """What is first in line, and for which plans it is not."""
        line = self.ready[streams]
        if not line:
            return None
        first = line[0]
        for other in line[1:]:
            if not self._goes_before(first, other):
                first = other
        return first

    def _goes_before(self, one: int, other: int) -> bool:
        """Whether the longer path remains after one (ties by program order); the same for all plans."""
        mine, theirs = self.shared.remaining[one], self.shared.remaining[other]
        before = (mine > theirs) if one > other else (mine >= theirs)
        answer = bool(before[self.plan])
        self.same &= before if answer else ~before
        return answer

    def _begin(self, job: int, now: Column) -> None:
        own = self.shared.jobs[job]
        self.ready[own.streams].remove(job)
        self.idle.difference_update(own.streams)
        self.running.append((job, now + own.picoseconds))
        self.started.append(job)
