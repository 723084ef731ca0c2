"""List scheduling: what goes first, what waits, and what can be said of the time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.analysis.streams import (
    BOTH,
    COMMUNICATION,
    COMPUTE,
    Job,
    Slot,
    Waiting,
    length,
    list_order,
    place,
    readers_of,
    short_order,
)


@st.composite
def jobs(draw: st.DrawFn) -> tuple[Job, ...]:
    """Jobs that read a few of what stands before them; some take no time, some both streams."""
    made: list[Job] = []
    for number in range(draw(st.integers(1, 14))):
        reads = draw(st.lists(st.integers(0, number), max_size=3))
        streams = draw(st.sampled_from([COMPUTE, COMPUTE, COMMUNICATION, COMMUNICATION, BOTH, ()]))
        time = draw(st.integers(1, 9)) if streams else 0
        made.append(Job(tuple(f"v{r}" for r in reads), (f"v{number + 1}",), streams, time))
    return tuple(made)


def scheduled(drawn: Sequence[Job]) -> tuple[Slot, ...]:
    return place(drawn, list_order(drawn))


def remaining(drawn: Sequence[Job]) -> list[int]:
    """The longest path from the start of each job, by going over all readers again and again."""
    paths = [job.picoseconds for job in drawn]
    for _ in drawn:
        for index, job in enumerate(drawn):
            beyond = [
                paths[i] for i, other in enumerate(drawn) if set(job.gives) & set(other.reads)
            ]
            paths[index] = job.picoseconds + max(beyond, default=0)
    return paths


def ready_times(drawn: Sequence[Job], slots: Sequence[Slot]) -> dict[int, int]:
    """When each job has what it reads; what takes no time passes on when it has that itself."""
    ends = {slot.job: slot.end for slot in slots}
    there: dict[str, int] = {}
    ready: dict[int, int] = {}
    for index, job in enumerate(drawn):
        ready[index] = max((there.get(value, 0) for value in job.reads), default=0)
        there[job.gives[0]] = ends[index] if job.streams else ready[index]
    return ready


@given(drawn=jobs())
def test_nothing_runs_before_what_it_reads_and_no_stream_runs_two_at_once(
    drawn: tuple[Job, ...],
) -> None:
    slots = scheduled(drawn)
    assert sorted(slot.job for slot in slots) == list(range(len(drawn)))
    ready = ready_times(drawn, slots)
    assert all(slot.start >= ready[slot.job] for slot in slots)
    assert [slot.start for slot in slots] == sorted(slot.start for slot in slots)
    for stream in BOTH:
        mine = [slot for slot in slots if stream in drawn[slot.job].streams]
        assert all(first.end <= second.start for first, second in pairwise(mine))


@given(drawn=jobs())
def test_of_what_is_ready_the_longest_remaining_path_goes_first(drawn: tuple[Job, ...]) -> None:
    slots = scheduled(drawn)
    ready, paths = ready_times(drawn, slots), remaining(drawn)
    for slot in slots:
        streams = drawn[slot.job].streams
        for later in slots:
            waits = later.start > slot.start and ready[later.job] <= slot.start
            if streams and drawn[later.job].streams == streams and waits:
                assert (-paths[slot.job], slot.job) < (-paths[later.job], later.job)


@given(drawn=jobs())
def test_no_stream_stands_still_while_something_is_ready_for_it(drawn: tuple[Job, ...]) -> None:
    """Unless what is first in line needs both streams."""
    slots = scheduled(drawn)
    ready = ready_times(drawn, slots)
    alone = [slot for slot in slots if drawn[slot.job].streams == BOTH]
    for streams in (COMPUTE, COMMUNICATION):
        free = 0
        for slot in (slot for slot in slots if set(streams) <= set(drawn[slot.job].streams)):
            held = any(o.start >= slot.start and ready[o.job] < slot.start for o in alone)
            for later in slots:
                if drawn[later.job].streams == streams and later.start > slot.start and not held:
                    assert ready[later.job] >= slot.start or free == slot.start
            free = slot.end


@given(drawn=jobs())
def test_the_time_lies_between_the_busier_stream_and_everything_in_a_row(
    drawn: tuple[Job, ...],
) -> None:
    busy = [sum(job.picoseconds for job in drawn if stream in job.streams) for stream in BOTH]
    everything = sum(job.picoseconds for job in drawn)
    assert max(*busy, *remaining(drawn)) <= length(scheduled(drawn)) <= everything


@given(drawn=jobs())
def test_the_program_keeps_its_order_where_another_gains_no_time(drawn: tuple[Job, ...]) -> None:
    found = place(drawn, short_order(drawn))
    written = place(drawn, range(len(drawn)))
    assert length(found) == min(length(written), length(scheduled(drawn)))
    if length(written) <= length(scheduled(drawn)):
        timed = [slot.job for slot in found if drawn[slot.job].streams]
        assert timed == sorted(timed)


@given(drawn=jobs(), data=st.data())
def test_in_a_fixed_order_no_job_that_takes_longer_makes_the_whole_shorter(
    drawn: tuple[Job, ...], data: st.DataObject
) -> None:
    order = list_order(drawn)
    more = data.draw(st.lists(st.integers(0, 5), min_size=len(drawn), max_size=len(drawn)))
    longer = [
        attrs.evolve(job, picoseconds=job.picoseconds + extra)
        for job, extra in zip(drawn, more, strict=True)
    ]
    assert length(place(longer, order)) >= length(place(drawn, order))


@given(drawn=jobs(), seed=st.randoms(use_true_random=False))
def test_names_do_not_matter(drawn: tuple[Job, ...], seed: object) -> None:
    names = [f"v{number}" for number in range(len(drawn) + 2)]
    others = [f"w{number}" for number in range(len(names))]
    seed.shuffle(others)
    table = dict(zip(names, others, strict=True))
    renamed = [
        attrs.evolve(job, reads=tuple(table[r] for r in job.reads), gives=(table[job.gives[0]],))
        for job in drawn
    ]
    assert scheduled(renamed) == scheduled(drawn) == scheduled(drawn)


def test_a_shorter_job_can_make_a_free_order_longer_and_a_fixed_one_not() -> None:
    """The anomaly that list scheduling is known for: another order, and a worse one."""

    def case(last: int) -> list[Job]:
        return [
            Job((), ("a",), COMMUNICATION, 2),
            Job(("a",), ("b",), COMPUTE, 4),
            Job(("a",), ("c",), COMPUTE, 1),
            Job(("c",), ("d",), COMMUNICATION, last),
        ]

    assert length(scheduled(case(4))) == 7
    assert length(scheduled(case(3))) == 10
    assert length(place(case(3), list_order(case(4)))) == 7


@pytest.mark.parametrize("first", [(), (1,)])
def test_what_takes_no_time_is_done_just_before_its_reader(first: tuple[int, ...]) -> None:
    drawn = [
        Job((), ("a",), COMPUTE, 3),
        Job((), ("z",), (), 0),
        Job(("a", "z"), ("b",), COMPUTE, 1),
    ]
    slots = place(drawn, list_order(drawn, first))
    expected = [1, 0, 2] if first else [0, 1, 2]
    assert [slot.job for slot in slots] == expected
    assert [slot.start for slot in slots if slot.job == 1] == [0 if first else 3]


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), max_size=10), st.data())
def test_what_waits_comes_when_all_that_it_waits_for_is_done(
    drawn: list[list[int]], data: st.DataObject
) -> None:
    after = [
        sorted({job % index for job in own}) if index else [] for index, own in enumerate(drawn)
    ]
    timed = data.draw(st.lists(st.booleans(), min_size=len(after), max_size=len(after)))
    waiting = Waiting(readers_of(after), timed)

    came: list[int] = []
    pending = waiting.first()
    while pending:
        job = pending.pop(data.draw(st.integers(0, len(pending) - 1)))
        came.append(job)
        pending += waiting.finish(job)

    assert sorted(came) == [job for job in range(len(after)) if timed[job]]
    for job in came:
        needed = [one for one in after[job] if timed[one]]
        assert all(came.index(one) < came.index(job) for one in needed)
