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

from collections.abc import Iterator, Mapping

import attrs

from helixc.analysis.memory_curve import memory_curve
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.timeline import Bar, Run, Turns, path_values, timeline
from helixc.emit.run_facts import RunFacts, turns_text
from helixc.emit.trace_events import (
    Event,
    Lane,
    Places,
    about_program,
    arrow_events,
    bar_event,
    microseconds,
    named,
    trace_text,
)
from helixc.emit.trace_part import Part, choose_part
from helixc.ir.spmd import Move
from helixc.limits import MAX_TRACE_EVENTS

_PICOSECONDS_PER_NANOSECOND = 1000


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
    about = about_program(timed.program)
    about |= {"picoseconds": timed.path.picoseconds, "folded": part.folded}
    return trace_text(about, _Events(timed, part).all())


class _Events:
    """The events of one trace."""

    def __init__(self, timed: TimedProgram, part: Part) -> None:
        self._timed = timed
        self._part = part
        self._places = Places(timed.program, part.gpus)
        self._facts = RunFacts(timed.program, timed.schedule.prices, timed.layers)
        self._path = path_values(timed.path.steps)
        self._path_lane = (self._places.process(timed.program.cluster.gpus - 1) + 1, 1)
        self._arrows = 0
        self._pairs: dict[str, tuple[tuple[int, int], ...]] = {}

    def all(self) -> Iterator[Event]:
        """Names first, then bars with their arrows in the order of the schedule, then memory."""
        process, thread = self._path_lane
        yield from named("process", (process, 0), "longest path", 0)
        yield from named("thread", (process, thread), "statements on it", 0)
        yield from self._places.names()
        for bar in self._bars():
            if _nanoseconds(bar.start) < _nanoseconds(bar.end):
                yield from self._path_bar(bar)
                yield from self._run(bar) if isinstance(bar, Run) else self._turns(bar)
        yield from self._memory()

    def _bars(self) -> Iterator[Bar]:
        return timeline(self._timed.program, self._timed.schedule, self._part.kept)

    def _path_bar(self, bar: Bar) -> Iterator[Event]:
        if isinstance(bar, Turns):
            yield _bar(bar, self._path_lane, turns_text(bar, self._timed.program))
        elif bar.value in self._path:
            facts = self._facts.of(bar.value)
            yield _bar(bar, self._path_lane, facts.title, facts.details)

    def _run(self, run: Run) -> Iterator[Event]:
        facts = self._facts.of(run.value)
        details = {**facts.details, "on the longest path": run.value in self._path}
        for gpu in self._part.gpus:
            lane = self._places.lane(gpu, run.stream)
            yield _bar(run, lane, facts.title, details, run.stream)
        if isinstance(run.statement, Move):
            yield from self._group_arrows(run, run.statement)

    def _turns(self, bar: Turns) -> Iterator[Event]:
        name = turns_text(bar, self._timed.program)
        for gpu in self._part.gpus:
            yield _bar(bar, self._places.lane(gpu, "compute"), name)

    def _group_arrows(self, run: Run, move: Move) -> Iterator[Event]:
        if run.value not in self._pairs:
            self._pairs[run.value] = tuple(self._places.neighbours(move))
        start = _nanoseconds(run.start)
        for pair in self._pairs[run.value]:
            self._arrows += 1
            source, target = ((self._places.lane(gpu, run.stream), start) for gpu in pair)
            yield from arrow_events(self._arrows, source, target)

    def _memory(self) -> Iterator[Event]:
        """Whenever it changes the bytes of each GPU, at their most where several are at one time."""
        most: dict[int, int] = {}
        bars = self._bars()
        for time, size in memory_curve(self._timed.program, self._timed.schedule, bars):
            at = _nanoseconds(time)
            most[at] = max(size, most.get(at, 0))
        for at, size in most.items():
            for gpu in self._part.gpus:
                event: Event = {"ph": "C", "pid": self._places.process(gpu), "ts": microseconds(at)}
                event |= {"name": f"GPU {gpu} memory", "cat": "memory"}
                yield event | {"args": {**self._kept(), "values": size}}

    def _kept(self) -> dict[str, int]:
        """What stays all the time; states only where there are some."""
        memory = self._timed.memory
        states = {"states": memory.state_bytes} if memory.states else {}
        return {"weights": memory.weights_bytes, **states}


def _bar(
    bar: Bar,
    lane: Lane,
    name: str,
    details: Mapping[str, object] | None = None,
    category: str = "turns",
) -> Event:
    return bar_event(
        lane, (_nanoseconds(bar.start), _nanoseconds(bar.end)), name, details, category
    )


def _nanoseconds(picoseconds: int) -> int:
    return round(picoseconds / _PICOSECONDS_PER_NANOSECOND)
