"""The bytes alive along a timetable, for a column of plans: the walk of ``analysis.buffers``.

Plans of one timetable make and give up their buffers in the same order; only the bytes differ.  So the
walk knows buffers by number, and bytes are added up when it is done.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from helixc.analysis.buffers import differing_turns
from helixc.columns.family import Column
from helixc.columns.tasks import Task, TaskProgram, Tasks, Turns
from helixc.columns.timetables import Timetable
from helixc.ir.layout import AllToAll


@attrs.frozen
class _Step:
    """A task by numbers: of its name, of the names it reads, and of the rows of bytes that it makes."""

    name: int
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    view: bool


@attrs.frozen
class _Loop:
    """A repeat by numbers of names: before, inside, handed on, behind; and the turns to walk through."""

    inits: tuple[int, ...]
    entries: tuple[int, ...]
    yields: tuple[int, ...]
    results: tuple[int, ...]
    turns: range
    runs: bool
    body: tuple[_Step | _Loop, ...]


class Buffers:
    """The buffers that a program of tasks makes."""

    def __init__(self, program: TaskProgram) -> None:
        self._names: dict[str, int] = {}
        self._rows: list[Column] = []
        self.body = self._steps(program.tasks)
        self.outputs = tuple(map(self._name, program.outputs))
        self.bytes = np.array(self._rows)

    @property
    def names(self) -> int:
        """How many names there are."""
        return len(self._names)

    def peak(self, timetable: Timetable) -> Column:
        """For the plans of a timetable, the bytes of all values alive at the fullest moment."""
        walk = _Walk(self)
        walk.go(self.body, timetable)
        plans = np.flatnonzero(timetable.plans)
        found = np.zeros(len(timetable.plans), dtype=np.int64)
        if walk.rows:
            found[plans] = walk.most_alive(self.bytes[np.array(walk.rows)[:, None], plans])
        return found

    def _name(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def _steps(self, tasks: Tasks) -> tuple[_Step | _Loop, ...]:
        return tuple(
            self._loop(task) if isinstance(task, Turns) else self._step(task) for task in tasks
        )

    def _step(self, task: Task) -> _Step:
        reads = tuple(map(self._name, task.reads))
        makes: list[int] = []
        if not task.view:
            makes.append(self._row(np.zeros_like(task.bytes) if task.kept else task.bytes))
        if isinstance(task.step, AllToAll):
            # Packed to be sent, see ``analysis.buffers.send_bytes``.
            makes.append(self._row(task.moved))
        return _Step(self._name(task.result), reads, tuple(makes), task.view)

    def _row(self, block: Column) -> int:
        self._rows.append(block)
        return len(self._rows) - 1

    def _loop(self, turns: Turns) -> _Loop:
        body = self._steps(turns.tasks)
        return _Loop(
            inits=tuple(self._name(carry.init) for carry in turns.carried),
            entries=tuple(self._name(carry.entry) for carry in turns.carried),
            yields=tuple(self._name(carry.yields) for carry in turns.carried),
            results=tuple(self._name(carry.result) for carry in turns.carried),
            turns=differing_turns(turns.trips, _passed_on(turns)),
            runs=turns.trips > 0,
            body=body,
        )


class _Walk:
    """Goes through the moments of a timetable and notes which buffers they make and read."""

    def __init__(self, buffers: Buffers) -> None:
        self.rows: list[int] = []
        self._outputs = buffers.outputs
        self._born: list[int] = []
        self._last: list[int] = []
        self._shown = [0] * buffers.names
        self._running: dict[int, range] = {}
        self._moments = 0

    def go(self, body: Sequence[_Step | _Loop], timetable: Timetable) -> None:
        """One run of a body."""
        for job, begins in timetable.moments:
            step = body[job]
            if isinstance(step, _Step):
                self._moments += 1
                if begins:
                    self._begin(step)
                else:
                    self._end(step)
            elif begins:
                self._turns(step, timetable.inner[job])
            else:
                self._moments += 1
                self._show(step.results, step.yields if step.runs else step.inits)

    def _show(self, names: Sequence[int], given: Sequence[int]) -> None:
        buffers = [self._shown[name] for name in given]
        for name, buffer in zip(names, buffers, strict=True):
            self._shown[name] = buffer

    def _turns(self, loop: _Loop, inside: Timetable) -> None:
        for turn in loop.turns:
            self._moments += 1
            self._show(loop.entries, loop.yields if turn else loop.inits)
            self.go(loop.body, inside)

    def _begin(self, step: _Step) -> None:
        if step.view:
            self._shown[step.name] = self._shown[step.reads[0]]
            return
        first = len(self.rows)
        self._shown[step.name] = first
        self.rows += step.makes
        self._running[step.name] = range(first, len(self.rows))
        for _ in step.makes:
            self._born.append(self._moments)
            self._last.append(self._moments)

    def _end(self, step: _Step) -> None:
        """A task ends: it has read its operands, and what nobody reads is gone at once."""
        for name in step.reads:
            self._last[self._shown[name]] = self._moments
        for buffer in self._running.pop(step.name, ()):
            self._last[buffer] = self._moments

    def most_alive(self, made: Column) -> Column:
        """The most bytes alive when something starts; ``made``: the bytes of each buffer in each plan.

        Alive is what was made by then, less what was read for the last time before.
        """
        for name in self._outputs:
            self._last[self._shown[name]] = self._moments + 1
        born, last = np.array(self._born), np.array(self._last)
        order = np.argsort(last, kind="stable")
        nothing = np.zeros((1, made.shape[1]), dtype=np.int64)
        grown = np.cumsum(made, axis=0)
        gone = np.concatenate([nothing, np.cumsum(made[order], axis=0)])
        there = np.searchsorted(born, born, side="right") - 1
        return (grown[there] - gone[np.searchsorted(last[order], born)]).max(axis=0)


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
