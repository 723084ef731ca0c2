"""schedule: give the tasks one order that every GPU follows on its two streams.

A GPU runs its computes on one stream and its collectives on another, each in this order, and a task
starts when what it reads is there.  Since the order is one for all GPUs and a collective is one task,
every group meets its collectives in the same order on all members; and since it is a topological
order, whatever comes first can always run: there is no deadlock.

The order is that of ``analysis.schedule``, from which time and memory are reported: of what is ready on a
stream, that goes first after which the longest path remains.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.analysis.schedule import Position, find_schedule
from helixc.diagnostics import CompilerBug
from helixc.ir.device import DeviceProgram, Template
from helixc.ir.invariants_device import LOCALIZED_FACTS, SCHEDULED_FACTS
from helixc.passes.contract import Pass


def schedule(program: DeviceProgram) -> DeviceProgram:
    """The same tasks with ``order`` filled in: 0, 1, 2 ... along the program's schedule."""
    positions = find_schedule(program.program).positions()
    key = np.zeros(program.tasks, dtype=np.int64)
    for index, template in enumerate(program.templates):
        mine = program.template == index
        key[mine] = _places(template, positions[template.value], program.turn[mine])
    order = np.empty(program.tasks, dtype=np.int32)
    order[np.lexsort((program.gpu, key))] = np.arange(program.tasks, dtype=np.int32)
    readers = np.repeat(np.arange(program.tasks), np.diff(program.start))
    if bool(np.any(order[program.after] >= order[readers])):
        raise CompilerBug("tasks come before what they read")
    return attrs.evolve(program, order=order)


def _places(template: Template, position: Position, turn: NDArray[np.int32]) -> NDArray[np.int64]:
    """Where a statement stands in each of these turns (row-major over the loops around it)."""
    places = np.full(len(turn), position.first, dtype=np.int64)
    rest = turn.astype(np.int64)
    for loop, stride in zip(reversed(template.loops), reversed(position.strides), strict=True):
        rest, here = np.divmod(rest, max(loop.trips, 1))
        places += here * stride
    return places


SCHEDULE = Pass(
    name="schedule",
    run=schedule,
    source=DeviceProgram,
    target=DeviceProgram,
    needs=frozenset(LOCALIZED_FACTS),
    gives=frozenset(SCHEDULED_FACTS),
)
