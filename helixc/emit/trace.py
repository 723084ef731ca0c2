"""``trace.json``: the timeline in the Trace Event Format, which trace viewers read.

    process  = a node of the cluster; one more shows the longest path
    thread   = a stream of a GPU
    X        = a statement while it runs, inside the turn of a repeat or the slice that it belongs to
    s, f     = arrows along the members of a collective, by rank
    C        = bytes of a GPU's weights and values

Format: "Trace Event Format" (N. Duca, D. Sinclair, 2013).  Times are microseconds in whole nanoseconds: both
ends of a bar are rounded, so that bars nest as they do in picoseconds; what is nothing then has no bar.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import attrs

from helixc.analysis.memory_curve import memory_curve
from helixc.analysis.streams import Stream
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.timeline import Bar, Run, Turns, path_values, timeline
from helixc.emit.run_facts import RunFacts, turns_text
from helixc.emit.trace_part import Part, choose_part
from helixc.ir.device import group_atoms
from helixc.ir.spmd import Move
from helixc.limits import MAX_TRACE_EVENTS

SCHEMA = "helixc.trace/1"
Event = dict[str, Any]

_PICOSECONDS_PER_NANOSECOND = 1000
_NANOSECONDS_PER_MICROSECOND = 1000
_THREADS: Mapping[Stream, int] = {"compute": 1, "communication": 2}


@attrs.frozen(kw_only=True)
class Trace:
    """The text of the file in pieces, and what stands for what in it, "" if everything is there."""

    chunks: Iterator[str]
    folded: str


def write_trace(
    timed: TimedProgram, gpus: tuple[int, ...] | None = None, budget: int = MAX_TRACE_EVENTS
) -> Trace:
    """The timeline of some GPUs (None: all), folded until it has about ``budget`` events or can no more."""
    part = choose_part(timed.program, timed.schedule, gpus, budget)
    return Trace(chunks=_chunks(timed, part), folded=part.folded)


def _chunks(timed: TimedProgram, part: Part) -> Iterator[str]:
    about = {
        "schema": SCHEMA,
        "model": timed.program.name,
        "plan": timed.program.plan.name,
        "cluster": timed.program.cluster.name,
        "gpus": timed.program.mesh.devices,
        "picoseconds": timed.path.picoseconds,
        "folded": part.folded,
    }
    yield f'{{"displayTimeUnit": "ns",\n"otherData": {json.dumps(about)},\n"traceEvents": ['
    separator = "\n"
    for event in _Events(timed, part).all():
        yield separator + json.dumps(event, allow_nan=False)
        separator = ",\n"
    yield "\n]}\n"


class _Events:
    """The events of one trace."""

    def __init__(self, timed: TimedProgram, part: Part) -> None:
        self._timed = timed
        self._part = part
        self._facts = RunFacts(timed.program, timed.schedule.prices, timed.layers)
        self._path = path_values(timed.path.steps)
        self._path_process = self._process(timed.program.cluster.gpus - 1) + 1
        self._arrows = 0
        self._pairs: dict[str, tuple[tuple[int, int], ...]] = {}

    def all(self) -> Iterator[Event]:
        """Names first, then bars with their arrows in the order of the schedule, then memory."""
        yield from self._names()
        for bar in self._bars():
            if _nanoseconds(bar.start) < _nanoseconds(bar.end):
                yield from self._path_bar(bar)
                yield from self._run(bar) if isinstance(bar, Run) else self._turns(bar)
        yield from self._memory()

    def _bars(self) -> Iterator[Bar]:
        return timeline(self._timed.program, self._timed.schedule, self._part.kept)

    def _process(self, gpu: int) -> int:
        return gpu // self._timed.program.cluster.gpus_per_node + 1

    @staticmethod
    def _thread(gpu: int, stream: Stream) -> int:
        return 2 * gpu + _THREADS[stream]

    def _names(self) -> Iterator[Event]:
        yield from _named("process", self._path_process, 0, "longest path", 0)
        yield from _named("thread", self._path_process, 1, "statements on it", 0)
        nodes = {self._process(gpu): gpu for gpu in reversed(self._part.gpus)}
        for process, gpu in sorted(nodes.items()):
            place = self._timed.program.cluster.place(gpu)
            name = ", ".join(f"{level} {member}" for level, member in place)
            name = name or self._timed.program.cluster.name
            yield from _named("process", process, 0, name, process)
        for gpu in self._part.gpus:
            for stream in _THREADS:
                thread = self._thread(gpu, stream)
                name = f"GPU {gpu} {stream}"
                yield from _named("thread", self._process(gpu), thread, name, thread)

    def _path_bar(self, bar: Bar) -> Iterator[Event]:
        if isinstance(bar, Turns):
            yield self._bar(bar, self._path_process, 1, turns_text(bar, self._timed.program))
        elif bar.value in self._path:
            facts = self._facts.of(bar.value)
            yield self._bar(bar, self._path_process, 1, facts.title, facts.details)

    def _run(self, run: Run) -> Iterator[Event]:
        facts = self._facts.of(run.value)
        details = {**facts.details, "on the longest path": run.value in self._path}
        for gpu in self._part.gpus:
            process, thread = self._process(gpu), self._thread(gpu, run.stream)
            yield self._bar(run, process, thread, facts.title, details, run.stream)
        if isinstance(run.statement, Move):
            yield from self._group_arrows(run, run.statement)

    def _turns(self, bar: Turns) -> Iterator[Event]:
        name = turns_text(bar, self._timed.program)
        for gpu in self._part.gpus:
            yield self._bar(bar, self._process(gpu), self._thread(gpu, "compute"), name)

    @staticmethod
    def _bar(
        bar: Bar,
        process: int,
        thread: int,
        name: str,
        details: Mapping[str, object] | None = None,
        category: str = "turns",
    ) -> Event:
        start, end = _nanoseconds(bar.start), _nanoseconds(bar.end)
        event: Event = {"ph": "X", "pid": process, "tid": thread, "ts": _microseconds(start)}
        event |= {"dur": _microseconds(end - start), "name": name, "cat": category}
        return event | ({"args": details} if details else {})

    def _group_arrows(self, run: Run, move: Move) -> Iterator[Event]:
        if run.value not in self._pairs:
            self._pairs[run.value] = tuple(self._neighbours(move))
        for source, target in self._pairs[run.value]:
            yield from self._arrow(run, source, target)

    def _neighbours(self, move: Move) -> Iterator[tuple[int, int]]:
        """From each member of a group to the next one by rank, of those that are shown."""
        program = self._timed.program
        atoms = group_atoms(program, move.step, program.layouts[move.source]) or ()
        shown = frozenset(self._part.gpus)
        for gpu in self._part.gpus:
            members = [member for member in program.mesh.group(gpu, atoms) if member in shown]
            if members[0] == gpu:
                yield from pairwise(members)

    def _arrow(self, run: Run, source: int, target: int) -> Iterator[Event]:
        self._arrows += 1
        for phase, gpu in (("s", source), ("f", target)):
            event: Event = {"ph": phase, "id": self._arrows, "pid": self._process(gpu)}
            event |= {
                "tid": self._thread(gpu, run.stream),
                "ts": _microseconds(_nanoseconds(run.start)),
            }
            event |= {"name": "same collective", "cat": "group"}
            yield event | ({"bp": "e"} if phase == "f" else {})

    def _memory(self) -> Iterator[Event]:
        """Whenever it changes the bytes of each GPU, at their most where several are at one time."""
        most: dict[int, int] = {}
        bars = self._bars()
        for time, size in memory_curve(self._timed.program, self._timed.schedule, bars):
            at = _nanoseconds(time)
            most[at] = max(size, most.get(at, 0))
        for at, size in most.items():
            for gpu in self._part.gpus:
                event: Event = {"ph": "C", "pid": self._process(gpu), "ts": _microseconds(at)}
                event |= {"name": f"GPU {gpu} memory", "cat": "memory"}
                yield event | {"args": {**self._kept(), "values": size}}

    def _kept(self) -> dict[str, int]:
        """What stays all the time; states only where there are some."""
        memory = self._timed.memory
        states = {"states": memory.state_bytes} if memory.states else {}
        return {"weights": memory.weights_bytes, **states}


def _named(what: str, process: int, thread: int, name: str, order: int) -> Iterator[Event]:
    """Name and place of a process or of a thread."""
    where: Event = {"ph": "M", "pid": process, "tid": thread}
    yield where | {"name": f"{what}_name", "args": {"name": name}}
    yield where | {"name": f"{what}_sort_index", "args": {"sort_index": order}}


def _nanoseconds(picoseconds: int) -> int:
    return round(picoseconds / _PICOSECONDS_PER_NANOSECOND)


def _microseconds(nanoseconds: int) -> float:
    return nanoseconds / _NANOSECONDS_PER_MICROSECOND
