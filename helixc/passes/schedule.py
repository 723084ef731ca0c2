"""schedule: give the tasks one order that every GPU follows on its two streams.

A GPU runs its computes on one stream and its collectives on another, each in this order, and a task
starts when what it reads is there.  Since the order is one for all GPUs and a collective is one task,
every group meets its collectives in the same order on all members; and since it is a topological
order, whatever comes first can always run: there is no deadlock.

Tasks keep the order of the program where that is topological already.  Hoisting collectives further
would lengthen the lives of what they yield, and memory is reported for the order of the program.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.diagnostics import CompilerBug
from helixc.ir.device import DeviceProgram
from helixc.ir.invariants_device import LOCALIZED_FACTS, SCHEDULED_FACTS
from helixc.passes.contract import Pass


def schedule(program: DeviceProgram) -> DeviceProgram:
    """The same tasks with ``order`` filled in: 0, 1, 2 ... along a topological order."""
    readers = np.repeat(np.arange(program.tasks), np.diff(program.start))
    if bool(np.all(program.after < readers)):
        order = np.arange(program.tasks, dtype=np.int32)
    else:
        order = _layered_order(program, readers)
    return attrs.evolve(program, order=order)


def _layered_order(program: DeviceProgram, readers: NDArray[np.int64]) -> NDArray[np.int32]:
    """Positions by depth in the graph, then by number: for rows that are not in program order."""
    missing = np.diff(program.start).astype(np.int64)
    by_source = np.argsort(program.after, kind="stable")
    starts = np.searchsorted(program.after[by_source], np.arange(program.tasks + 1))
    order = np.full(program.tasks, -1, dtype=np.int32)
    ready, done = np.flatnonzero(missing == 0), 0
    while len(ready):
        order[ready] = np.arange(done, done + len(ready), dtype=np.int32)
        done += len(ready)
        leaving = [by_source[starts[task] : starts[task + 1]] for task in ready]
        reached, count = np.unique(readers[np.concatenate(leaving)], return_counts=True)
        missing[reached] -= count
        ready = reached[missing[reached] == 0]
    if done < program.tasks:
        raise CompilerBug(f"{program.tasks - done} tasks wait for each other")
    return order


SCHEDULE = Pass(
    name="schedule",
    run=schedule,
    source=DeviceProgram,
    target=DeviceProgram,
    needs=frozenset(LOCALIZED_FACTS),
    gives=frozenset(SCHEDULED_FACTS),
)
