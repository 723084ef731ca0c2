"""How much of each collective is exposed: the time in which a GPU communicates and does not compute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from helixc.analysis.schedule import BodySchedule, Schedule, stream_of
from helixc.ir.spmd import Loop


def exposed_times(schedule: Schedule) -> Mapping[str, int]:
    """For each collective, by the value it yields, the exposed picoseconds of one execution."""
    return dict(_exposed(schedule.root))


def _exposed(schedule: BodySchedule) -> Iterator[tuple[str, int]]:
    """Each stream runs one job at a time, so the slots of each stand one after the other."""
    computing: list[tuple[int, int]] = []
    communicating: list[tuple[str, int, int]] = []
    for slot in schedule.slots:
        statement = schedule.body[slot.job]
        if isinstance(statement, Loop):
            yield from _exposed(schedule.inner[slot.job])
        elif stream_of(statement) == "communication":
            communicating.append((statement.result, slot.start, slot.end))
        elif slot.start < slot.end:
            computing.append((slot.start, slot.end))
    first = 0
    for value, start, end in communicating:
        while first < len(computing) and computing[first][1] <= start:
            first += 1
        hidden, position = 0, first
        while position < len(computing) and computing[position][0] < end:
            hidden += min(end, computing[position][1]) - max(start, computing[position][0])
            position += 1
        yield value, end - start - hidden
