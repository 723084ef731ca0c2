"""The bytes alive along a timetable, for a column of plans: the walk of ``analysis.buffers``.

Plans of one timetable make and give up their buffers in the same order; only the bytes differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from helixc.analysis.buffers import differing_turns
from helixc.analysis.schedule import events
from helixc.columns.family import Column
from helixc.columns.tasks import Task, Turns
from helixc.columns.timetables import Timetable
from helixc.ir.layout import AllToAll


def peak_bytes(timetable: Timetable, kept: Iterable[str]) -> Column:
    """Bytes of all values alive at the fullest moment; the values ``kept`` are never given up."""
    walk = _Walk()
    walk.go(timetable)
    return walk.peak(kept, len(timetable.plans))


class _Walk:
    """Goes through the moments of a timetable and notes which buffers they make and read."""

    def __init__(self) -> None:
        self._bytes: list[Column] = []
        self._born: list[int] = []
        self._last: list[int] = []
        self._shown: dict[str, int] = {}
        self._running: dict[str, list[int]] = {}
        self._moments = 0

    def go(self, timetable: Timetable) -> None:
        """One run of a body."""
        for slot, begins in events(timetable.slots):
            task = timetable.tasks[slot.job]
            if isinstance(task, Task):
                self._moments += 1
                if begins:
                    self._begin(task)
                else:
                    self._end(task)
            elif begins:
                self._turns(task, timetable.inner[slot.job])
            else:
                self._moments += 1
                self._leave(task)

    def _turns(self, turns: Turns, inside: Timetable) -> None:
        for turn in differing_turns(turns.trips, _passed_on(turns)):
            self._moments += 1
            given = [self._shown[c.yields if turn else c.init] for c in turns.carried]
            self._shown.update(zip((c.entry for c in turns.carried), given, strict=True))
            self.go(inside)

    def _leave(self, turns: Turns) -> None:
        given = [self._shown[c.yields if turns.trips else c.init] for c in turns.carried]
        self._shown.update(zip((c.result for c in turns.carried), given, strict=True))

    def _begin(self, task: Task) -> None:
        if task.view:
            self._shown[task.result] = self._shown[task.reads[0]]
            return
        made = [np.zeros_like(task.bytes) if task.stored else task.bytes]
        if isinstance(task.step, AllToAll):
            made.append(task.moved)  # packed to be sent: ``analysis.buffers.send_bytes``
        first = len(self._bytes)
        self._shown[task.result] = first
        self._running[task.result] = [*range(first, first + len(made))]
        self._bytes += made
        self._born += [self._moments] * len(made)
        self._last += [self._moments] * len(made)

    def _end(self, task: Task) -> None:
        """A task ends: it has read its operands, and what nobody reads is gone at once."""
        for name in task.reads:
            self._last[self._shown[name]] = self._moments
        for buffer in self._running.pop(task.result, ()):
            self._last[buffer] = self._moments

    def peak(self, kept: Iterable[str], plans: int) -> Column:
        """The most bytes that are alive when something starts."""
        for name in kept:
            self._last[self._shown[name]] = self._moments + 1
        if not self._bytes:
            return np.zeros(plans, dtype=np.int64)
        blocks, born = np.array(self._bytes), np.array(self._born)
        changes = np.zeros((self._moments + 3, plans), dtype=np.int64)
        np.add.at(changes, born, blocks)
        np.subtract.at(changes, np.array(self._last) + 1, blocks)
        return np.cumsum(changes, axis=0)[born].max(axis=0)


def _passed_on(turns: Turns) -> int:
    """How many values a turn carries on as it got them."""
    return sum(not _is_made(carry.yields, turns) for carry in turns.carried)


def _is_made(name: str, turns: Turns) -> bool:
    """Whether every turn of a repeat makes a value anew, instead of passing on what it got."""
    for task in turns.tasks:
        if isinstance(task, Turns):
            for carry in task.carried:
                if carry.result == name:
                    return task.trips > 0 and _is_made(carry.yields, task)
        elif task.result == name:
            return not task.view or _is_made(task.reads[0], turns)
    return False
