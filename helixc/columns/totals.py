"""Time, memory and traffic of a program of tasks, for a column of plans.

The rules are those of ``analysis.critical_path`` and ``analysis.memory``, on columns.
"""

from __future__ import annotations

import attrs
import numpy as np

from helixc.columns.family import Column, Family, Mask
from helixc.columns.occupancy import Buffers
from helixc.columns.paths import column_bytes
from helixc.columns.tasks import TaskProgram, Tasks, Turns
from helixc.columns.timetables import find_timetables
from helixc.ir.ops import Kept
from helixc.ir.slices import slice_count


@attrs.frozen(eq=False)
class Totals:
    """What one GPU does in each plan: picoseconds and bytes."""

    picoseconds: Column
    compute_picoseconds: Column
    communication_picoseconds: Column
    weights_bytes: Column
    state_bytes: Column
    peak_bytes: Column
    received_bytes: Column


def find_totals(program: TaskProgram, family: Family, plans: Mask) -> Totals:
    """The totals of a program; only the entries of these plans mean something."""
    sums = _Sums(family)
    slices = slice_count(family.program)
    sums.add(program.tasks, 1)
    time, peak = family.zeros, family.zeros
    buffers = Buffers(program)
    for timetable in find_timetables(program.tasks, plans):
        time = np.where(timetable.plans, timetable.picoseconds, time)
        peak = peak + buffers.peak(timetable)
    return Totals(
        picoseconds=slices * time,
        compute_picoseconds=slices * sums.compute,
        communication_picoseconds=slices * sums.communication,
        weights_bytes=sums.kept["weight"],
        state_bytes=sums.kept["state"],
        peak_bytes=peak,
        received_bytes=slices * sums.received,
    )


class _Sums:
    """What adds up over all tasks and turns."""

    def __init__(self, family: Family) -> None:
        self._family = family
        zeros = family.zeros
        self.compute, self.communication, self.received = zeros, zeros, zeros
        self.kept: dict[Kept, Column] = {"weight": zeros, "state": zeros}

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
                if task.kept:
                    blocks = turns * task.kept_times
                    self.kept[task.kept] = self.kept[task.kept] + blocks * task.bytes
