"""Time, memory and traffic of a program of tasks, for a column of plans.

The rules are those of ``analysis.critical_path`` and ``analysis.memory``, on columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs
import numpy as np

from helixc.analysis.streams import BOTH, COMMUNICATION, COMPUTE
from helixc.columns.family import Column, Family, Mask
from helixc.columns.ordering import TimedJob, find_orders
from helixc.columns.paths import column_bytes
from helixc.columns.tasks import Task, TaskProgram, Tasks, Turns, all_tasks
from helixc.ir.slices import slice_count


@attrs.frozen(eq=False)
class Totals:
    """What one GPU does in each plan: picoseconds and bytes."""

    picoseconds: Column
    compute_picoseconds: Column
    communication_picoseconds: Column
    weights_bytes: Column
    peak_bytes: Column
    received_bytes: Column


def find_totals(program: TaskProgram, family: Family, plans: Mask) -> Totals:
    """The totals of a program; only the entries of these plans mean something."""
    sums = _Sums(family)
    slices = slice_count(family.program)
    sums.add(program.tasks, slices)
    return Totals(
        picoseconds=slices * _length(program.tasks, plans),
        compute_picoseconds=sums.compute,
        communication_picoseconds=sums.communication,
        weights_bytes=sums.weights // slices,
        peak_bytes=_Memory(program, family).peak(program.tasks, program.outputs, ()),
        received_bytes=sums.received,
    )


class _Sums:
    """What adds up over all tasks and turns."""

    def __init__(self, family: Family) -> None:
        self._family = family
        zeros = family.zeros
        self.compute, self.communication, self.weights, self.received = zeros, zeros, zeros, zeros

    def add(self, tasks: Tasks, turns: int) -> None:
        """Count tasks that run so often."""
        for task in tasks:
            if isinstance(task, Turns):
                self.add(task.tasks, turns * task.trips)
            elif task.communicates and task.step is not None:
                self.communication = self.communication + turns * task.picoseconds
                moved = column_bytes(task.step, task.moved, self._family)
                self.received = self.received + turns * moved
            else:
                self.compute = self.compute + turns * task.picoseconds
                if task.stored:
                    self.weights = self.weights + turns * task.bytes


def _length(tasks: Tasks, plans: Mask) -> Column:
    """The time of one run of a body."""
    found = np.zeros(len(plans), dtype=np.int64)
    for order in find_orders([_job(task, plans) for task in tasks], plans):
        found = np.where(order.plans, order.picoseconds, found)
    return found


def _job(task: Task | Turns, plans: Mask) -> TimedJob:
    if isinstance(task, Task):
        streams = COMMUNICATION if task.communicates else COMPUTE
        return TimedJob(task.reads, (task.result,), streams, task.picoseconds, task.is_input)
    return TimedJob(
        reads=tuple(dict.fromkeys([*(carry.init for carry in task.carried), *_taken(task)])),
        gives=tuple(carry.result for carry in task.carried),
        streams=BOTH,
        picoseconds=task.trips * _length(task.tasks, plans),
        is_input=False,
    )


class _Memory:
    """Which value occupies which block, from where to where."""

    def __init__(self, program: TaskProgram, family: Family) -> None:
        self._family = family
        self._block: dict[str, str] = {}
        self._bytes: dict[str, Column] = {}
        for task in all_tasks(program.tasks):
            if isinstance(task, Turns):
                for carry in task.carried:
                    self._own(carry.entry, carry.bytes)
                    self._own(carry.result, carry.bytes)
            elif task.view:
                self._block[task.result] = self._block[task.reads[0]]
            else:
                self._own(task.result, family.zeros if task.stored else task.bytes)

    def _own(self, name: str, block: Column) -> None:
        self._block[name] = name
        self._bytes[name] = block

    def peak(self, tasks: Tasks, needed: Iterable[str], given: Iterable[str]) -> Column:
        """Bytes alive at the fullest moment of a body."""
        born = dict.fromkeys(given, 0)
        inside: dict[int, Column] = {}
        for index, task in enumerate(tasks):
            if isinstance(task, Turns):
                yields = [carry.yields for carry in task.carried]
                entries = [carry.entry for carry in task.carried]
                inside[index] = self.peak(task.tasks, yields, entries)
                born.update((carry.result, index + 1) for carry in task.carried)
            elif self._block[task.result] == task.result:
                born[task.result] = index
        last = self._last_reads(tasks, needed)
        spans = {block: (start, last.get(block, start)) for block, start in born.items()}
        return self._fullest(spans, inside, len(tasks))

    def _last_reads(self, tasks: Tasks, needed: Iterable[str]) -> dict[str, int]:
        last: dict[str, int] = {}
        for index, task in enumerate(tasks):
            starts: list[tuple[str, int]] = []
            if isinstance(task, Turns):
                starts = [(carry.init, index - 1) for carry in task.carried]
            for name, moment in [*starts, *((read, index) for read in _taken(task))]:
                block = self._block[name]
                last[block] = max(moment, last.get(block, 0))
        last.update((self._block[name], len(tasks)) for name in needed)
        return last

    def _fullest(
        self, spans: Mapping[str, tuple[int, int]], inside: Mapping[int, Column], moments: int
    ) -> Column:
        changes = np.zeros((moments + 2, self._family.plans), dtype=np.int64)
        for block, (start, end) in spans.items():
            changes[start] += self._bytes[block]
            changes[end + 1] -= self._bytes[block]
        alive = np.cumsum(changes, axis=0)
        for moment, most in inside.items():
            alive[moment] += most
        return alive.max(axis=0)


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
