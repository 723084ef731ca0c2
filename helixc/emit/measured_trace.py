"""A measured timeline in the form of the predicted one (``emit.trace``), so that both open side by side.

What of a GPU's collectives overlaps lies on further lanes.  An arrow leads from the member of a group that
came first to the one beside it that came later.  What is predicted to take no time (a weight that is there, a
view) has no bar here either.  There are no memory and no longest path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from helixc.analysis.layers import find_layers
from helixc.analysis.schedule import find_schedule, stream_of
from helixc.analysis.spans import Timings, Turned, in_turns
from helixc.analysis.streams import Stream
from helixc.analysis.timeline import Turns
from helixc.emit.run_facts import RunFacts, turns_text
from helixc.emit.trace import Trace
from helixc.emit.trace_events import (
    Event,
    Lane,
    Places,
    about_program,
    arrow_events,
    bar_event,
    named,
    trace_text,
)
from helixc.emit.wording import gpus_text
from helixc.ir.spmd import Move, Spmd
from helixc.limits import MAX_TRACE_EVENTS

_NANOSECONDS = 10**9
_PICOSECONDS = 10**12
# A collective is a bar and two ends of an arrow.
_EVENTS_PER_RUN = 3


def measured_trace(
    program: Spmd, written: Spmd, timings: Timings, where: str, budget: int = MAX_TRACE_EVENTS
) -> Trace:
    """The timeline of a program as it ran; ``where``: on what, in words.

    ``written``: the program at the sizes that are written, for which times are predicted.
    """
    gpus, folded = _shown(program, timings, budget)
    end = max((span.end for spans in timings for span in spans), default=0.0)
    about = about_program(program)
    about |= {"picoseconds": round(end * _PICOSECONDS), "folded": folded, "measured": where}
    events = _Events(program, written, timings, Places(program, gpus))
    return Trace(chunks=trace_text(about, events.all()), folded=folded)


def _shown(program: Spmd, timings: Timings, budget: int) -> tuple[tuple[int, ...], str]:
    """The GPUs that are shown: all, those of one node, or one; and words for it if these are not all."""
    every = tuple(range(len(timings)))
    inside = program.cluster.gpus_per_node
    for gpus in (every, every[:inside], every[:1]):
        if _EVENTS_PER_RUN * sum(len(timings[gpu]) for gpu in gpus) <= budget:
            break
    return gpus, "" if gpus == every else f"folded: GPUs {gpus_text(gpus)} are shown"


@attrs.frozen
class _Bar:
    """A run on a lane, in nanoseconds."""

    run: Turned
    lane: Lane
    start: int
    end: int


class _Events:
    """The events of one trace."""

    def __init__(self, program: Spmd, written: Spmd, timings: Timings, places: Places) -> None:
        self._program = program
        self._places = places
        self._timings = timings
        self._prices = find_schedule(written).prices
        self._facts = RunFacts(program, self._prices, find_layers(program))
        self._further: dict[Lane, str] = {}
        self._arrows = 0

    def all(self) -> Iterator[Event]:
        """Names, then bars GPU by GPU, then arrows."""
        bars = {gpu: tuple(self._bars(gpu)) for gpu in self._places.gpus}
        yield from self._places.names()
        for lane, name in self._further.items():
            yield from named("thread", lane, name, lane[1])
        for gpu, own in bars.items():
            yield from self._turns(gpu, own)
            for bar in own:
                yield self._event(bar)
        yield from self._all_arrows(bars)

    def _bars(self, gpu: int) -> Iterator[_Bar]:
        """What took time, each on the first lane of its stream that is free."""
        busy: dict[Lane, int] = {}
        runs = in_turns(self._program, self._timings[gpu])
        for run in sorted(runs, key=lambda run: run.span.start):
            start, end = (round(t * _NANOSECONDS) for t in (run.span.start, run.span.end))
            if start < end and self._prices[run.span.value].picoseconds:
                lanes = self._lanes(gpu, stream_of(run.statement))
                lane = next(lane for lane in lanes if busy.get(lane, 0) <= start)
                busy[lane] = end
                yield _Bar(run, lane, start, end)

    def _lanes(self, gpu: int, stream: Stream) -> Iterator[Lane]:
        """The lane of a stream, and as many further ones as are asked for."""
        process, thread = self._places.lane(gpu, stream)
        yield process, thread
        number = 2
        while True:
            thread += 2 * len(self._timings)
            lane = process, thread
            self._further.setdefault(lane, f"GPU {gpu} {stream} {number}")
            yield lane
            number += 1

    def _event(self, bar: _Bar) -> Event:
        facts = self._facts.of(bar.run.span.value)
        details = {("predicted" if k == "time" else k): v for k, v in facts.details.items()}
        category = stream_of(bar.run.statement)
        return bar_event(bar.lane, (bar.start, bar.end), facts.title, details, category)

    def _turns(self, gpu: int, bars: Iterable[_Bar]) -> Iterator[Event]:
        """A bar around what was computed in each turn."""
        lane = self._places.lane(gpu, "compute")
        ends: dict[tuple[tuple[int, int], ...], tuple[int, int]] = {}
        for bar in bars:
            if bar.lane == lane:
                for depth in range(len(bar.run.turns)):
                    key = bar.run.turns[: depth + 1]
                    start, end = ends.get(key, (bar.start, bar.end))
                    ends[key] = min(start, bar.start), max(end, bar.end)
        for key, (start, end) in ends.items():
            scope, turn = key[-1]
            text = turns_text(Turns(scope, turn, turn, start, end, told=True), self._program)
            yield bar_event(lane, (start, end), text, None, "turns")

    def _all_arrows(self, bars: Mapping[int, tuple[_Bar, ...]]) -> Iterator[Event]:
        found = {
            (gpu, bar.run.span.value, bar.run.number): bar
            for gpu, own in bars.items()
            for bar in own
            if isinstance(bar.run.statement, Move) and stream_of(bar.run.statement) != "compute"
        }
        pairs: dict[str, tuple[tuple[int, int], ...]] = {}
        for (gpu, value, number), bar in found.items():
            move = bar.run.statement
            if value not in pairs and isinstance(move, Move):
                pairs[value] = tuple(self._places.neighbours(move))
            for source, target in pairs[value]:
                other = found.get((target, value, number))
                if source == gpu and other is not None:
                    yield from self._arrow(bar, other)

    def _arrow(self, one: _Bar, other: _Bar) -> Iterator[Event]:
        self._arrows += 1
        early, late = sorted((one, other), key=lambda bar: bar.start)
        yield from arrow_events(self._arrows, (early.lane, early.start), (late.lane, late.start))
