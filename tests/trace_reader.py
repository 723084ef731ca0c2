"""A reader of the Trace Event Format that shares nothing with the writer and refuses what viewers would not show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

_FIELDS: Mapping[str, frozenset[str]] = {
    "X": frozenset({"pid", "tid", "ts", "dur", "name", "cat"}),
    "M": frozenset({"pid", "tid", "name", "args"}),
    "C": frozenset({"pid", "ts", "name", "args"}),
    "s": frozenset({"pid", "tid", "ts", "id", "name", "cat"}),
    "f": frozenset({"pid", "tid", "ts", "id", "name", "cat", "bp"}),
}
Lane = tuple[int, int]


@attrs.frozen
class Bar:
    """A complete event, with the bars right inside it; times are microseconds."""

    name: str
    category: str
    start: Decimal
    end: Decimal
    details: Mapping[str, Any]
    inside: list[Bar] = attrs.field(factory=list)

    def leaves(self) -> Iterator[Bar]:
        if not self.inside:
            yield self
        for bar in self.inside:
            yield from bar.leaves()


@attrs.frozen
class Trace:
    """What a viewer would show: nested bars per lane, names, arrows between lanes, counters."""

    about: Mapping[str, Any]
    processes: Mapping[int, str]
    threads: Mapping[Lane, str]
    lanes: Mapping[Lane, list[Bar]]
    arrows: list[tuple[Lane, Lane, Decimal]]
    counters: Mapping[tuple[int, str], list[tuple[Decimal, Mapping[str, int]]]]

    def lane(self, name: str) -> list[Bar]:
        (lane,) = [key for key, value in self.threads.items() if value == name]
        return self.lanes[lane]

    def leaves(self, name: str) -> list[Bar]:
        return [leaf for bar in self.lane(name) for leaf in bar.leaves()]

    @property
    def end(self) -> Decimal:
        return max(bar.end for bars in self.lanes.values() for bar in bars)


def read_trace(text: str) -> Trace:
    whole = json.loads(text, parse_float=Decimal)
    assert set(whole) == {"displayTimeUnit", "otherData", "traceEvents"}
    assert whole["displayTimeUnit"] in ("ms", "ns")
    events: list[dict[str, Any]] = whole["traceEvents"]
    for event in events:
        assert _FIELDS[event["ph"]] <= set(event), event
        assert all(type(event[key]) is int for key in ("pid", "tid", "id") if key in event)
        assert all(event[key] >= 0 for key in ("ts", "dur") if key in event)
    threads = _names(events, "thread_name", lambda e: (e["pid"], e["tid"]))
    lanes = {lane: _nested(events, lane) for lane in threads}
    assert {(e["pid"], e["tid"]) for e in events if e["ph"] == "X"} <= set(lanes)
    processes = _names(events, "process_name", lambda e: e["pid"])
    assert {e["pid"] for e in events} == set(processes)
    arrows = _arrows(events, lanes)
    return Trace(whole["otherData"], processes, threads, lanes, arrows, _counters(events))


def _names(events: list[dict[str, Any]], kind: str, key: Any) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for event in events:
        if event["ph"] == "M" and event["name"] == kind:
            assert key(event) not in found
            found[key(event)] = event["args"]["name"]
    return found


def _nested(events: list[dict[str, Any]], lane: Lane) -> list[Bar]:
    """The bars of a lane as trees; one that begins in another and ends outside it is refused."""
    own = [e for e in events if e["ph"] == "X" and (e["pid"], e["tid"]) == lane]
    own.sort(key=lambda e: (Decimal(e["ts"]), -Decimal(e["dur"])))
    roots: list[Bar] = []
    open_bars: list[Bar] = []
    for event in own:
        start = Decimal(event["ts"])
        end = start + Decimal(event["dur"])
        bar = Bar(event["name"], event["cat"], start, end, event.get("args", {}))
        while open_bars and open_bars[-1].end <= start:
            open_bars.pop()
        assert not open_bars or end <= open_bars[-1].end, (open_bars[-1], bar)
        (open_bars[-1].inside if open_bars else roots).append(bar)
        open_bars.append(bar)
    return roots


def _arrows(
    events: list[dict[str, Any]], lanes: Mapping[Lane, list[Bar]]
) -> list[tuple[Lane, Lane, Decimal]]:
    """Arrows; each has one start and one end, and both lie in a bar."""
    starts: dict[int, dict[str, Any]] = {}
    found: list[tuple[Lane, Lane, Decimal]] = []
    for event in events:
        if event["ph"] not in "sf":
            continue
        lane = (event["pid"], event["tid"])
        time = Decimal(event["ts"])
        assert any(bar.start <= time < bar.end for root in lanes[lane] for bar in root.leaves())
        if event["ph"] == "s":
            assert event["id"] not in starts
            starts[event["id"]] = event
        else:
            start = starts.pop(event["id"])
            assert (start["name"], start["cat"]) == (event["name"], event["cat"])
            assert Decimal(start["ts"]) <= time
            found.append(((start["pid"], start["tid"]), lane, time))
    assert starts == {}
    return found


def _counters(
    events: list[dict[str, Any]],
) -> dict[tuple[int, str], list[tuple[Decimal, Mapping[str, int]]]]:
    found: dict[tuple[int, str], list[tuple[Decimal, Mapping[str, int]]]] = {}
    for event in events:
        if event["ph"] == "C":
            row = (Decimal(event["ts"]), event["args"])
            rows = found.setdefault((event["pid"], event["name"]), [])
            assert not rows or rows[-1][0] < row[0]
            rows.append(row)
    return found
