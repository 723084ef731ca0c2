"""Timetables: programs of tasks, list-scheduled for columns of plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from helixc.analysis.ahead import Brought, held_back
from helixc.analysis.schedule import events
from helixc.analysis.streams import BOTH, COMMUNICATION, COMPUTE, Slot
from helixc.columns.family import Column, Mask
from helixc.columns.ordering import TimedJob, find_orders
from helixc.columns.tasks import Task, Tasks, Turns
from helixc.diagnostics import CompilerBug


@attrs.frozen(eq=False, slots=False)
class Timetable:
    """One run of a body by plans that run its tasks in the same order.

    ``slots`` are in that order; their times are those of one of the plans.  ``inner`` has one turn of each
    repeat in it, by position in the body.
    """

    tasks: Tasks
    slots: tuple[Slot, ...]
    inner: Mapping[int, Timetable]
    plans: Mask
    picoseconds: Column

    @cached_property
    def moments(self) -> list[tuple[int, bool]]:
        """Each task, by position, when it begins (True) and when it ends."""
        return [(slot.job, begins) for slot, begins in events(self.slots)]


def find_timetables(tasks: Tasks, plans: Mask) -> list[Timetable]:
    """The timetables of a body: one for each order in which some of these plans run it."""
    found: list[Timetable] = []
    for own, inner in _insides(tasks, plans):
        waits = held_back([_brought(task) for task in tasks])
        jobs = [_job(task, inner.get(i), waits[i]) for i, task in enumerate(tasks)]
        found += [
            Timetable(tasks, order.slots, inner, order.plans, order.picoseconds)
            for order in find_orders(jobs, own)
        ]
    return found


def _insides(tasks: Tasks, plans: Mask) -> list[tuple[Mask, dict[int, Timetable]]]:
    """The timetables of the repeats in a body, for the plans that have these together."""
    parts: list[tuple[Mask, dict[int, Timetable]]] = [(plans, {})]
    for index, task in enumerate(tasks):
        if isinstance(task, Turns):
            parts = [
                (inside.plans, {**inner, index: inside})
                for own, inner in parts
                for inside in find_timetables(task.tasks, own)
            ]
    return parts


def _brought(task: Task | Turns) -> Brought:
    if isinstance(task, Task):
        return Brought(task.reads, (task.result,), task.unit, task.communicates)
    return Brought(_reads(task), tuple(carry.result for carry in task.carried), None, gathers=False)


def _reads(turns: Turns) -> tuple[str, ...]:
    """What a repeat reads: what it carries in, and what its turns take from outside."""
    return tuple(dict.fromkeys([*(carry.init for carry in turns.carried), *_taken(turns)]))


def _job(task: Task | Turns, inside: Timetable | None, waits: tuple[str, ...]) -> TimedJob:
    if isinstance(task, Task):
        streams = COMMUNICATION if task.communicates else COMPUTE
        reads = (*task.reads, *waits)
        return TimedJob(reads, (task.result,), streams, task.picoseconds, task.is_input)
    if inside is None:
        raise CompilerBug("a repeat has no timetable")
    return TimedJob(
        reads=_reads(task),
        gives=tuple(carry.result for carry in task.carried),
        streams=BOTH,
        picoseconds=task.trips * inside.picoseconds,
        is_input=False,
    )


def _taken(task: Task | Turns) -> Iterator[str]:
    """What a task reads; of a repeat, what its turns take from outside besides what they carry."""
    if isinstance(task, Task):
        yield from task.reads
        return
    own = {carry.entry for carry in task.carried}
    reads: dict[str, None] = {}
    for inner in task.tasks:
        reads.update(dict.fromkeys(_taken(inner)))
        if isinstance(inner, Turns):
            reads.update(dict.fromkeys(carry.init for carry in inner.carried))
            own.update(carry.result for carry in inner.carried)
        else:
            own.add(inner.result)
    reads.update(dict.fromkeys(carry.yields for carry in task.carried))
    yield from (read for read in reads if read not in own)
