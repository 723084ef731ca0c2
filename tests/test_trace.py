"""The timeline for trace viewers, read back by a reader of the format that shares nothing with the writer."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_programs import TOKENS, mlp_program, value
from trace_reader import Trace, read_trace

import helixc
from helixc.analysis import buffers
from helixc.analysis.buffers import find_occupancy, stand_in
from helixc.analysis.memory_curve import memory_curve
from helixc.analysis.report import build_report
from helixc.analysis.schedule import find_schedule
from helixc.analysis.timed_program import TimedProgram, timed_program
from helixc.analysis.timeline import Run, Turns, every_turn, first_and_last, timeline
from helixc.emit.trace import write_trace
from helixc.ir.layout import WHOLE
from helixc.ir.plan import Slices
from helixc.ir.spmd import Loop, LoopValue, Spmd

NANOSECOND = Decimal("0.001")  # microseconds
PLANS = (
    ("helix_16", "published"),
    ("helix_16", "megatron_sp"),
    ("helix_16", "two_level"),
    ("llama_blocks", "tp8_sp"),
    ("fused_attention", "context"),
    ("mixtral_8x7b", "experts"),
)


@cache
def of_plan(example: str, plan: str) -> TimedProgram:
    compilation = helixc.compile(f"examples/{example}.hx", plan=plan)
    return timed_program(compilation.spmd, compilation.report)


def of_program(program: Spmd) -> TimedProgram:
    return timed_program(program, build_report(program))


def read(timed: TimedProgram, gpus: tuple[int, ...] | None = None, budget: int = 10**6) -> Trace:
    return read_trace("".join(write_trace(timed, gpus, budget).chunks))


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_the_end_and_the_longest_path_are_those_of_the_report(example: str, plan: str) -> None:
    timed = of_plan(example, plan)
    trace = read(timed)
    microseconds = Decimal(timed.path.picoseconds) / 10**6
    assert abs(trace.end - microseconds) <= NANOSECOND
    assert trace.about["picoseconds"] == timed.path.picoseconds
    steps = trace.leaves("statements on it")
    assert steps[0].start == 0
    assert all(left.end == right.start for left, right in pairwise(steps))
    assert steps[-1].end == trace.end


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_every_gpu_has_two_lanes_that_are_busy_as_long_as_the_report_says(
    example: str, plan: str
) -> None:
    timed = of_plan(example, plan)
    trace = read(timed)
    busy = (
        ("compute", timed.path.compute_picoseconds),
        ("communication", timed.path.communication_picoseconds),
    )
    for gpu in range(timed.program.mesh.devices):
        for stream, picoseconds in busy:
            bars = trace.leaves(f"GPU {gpu} {stream}")
            total = sum((bar.end - bar.start for bar in bars), Decimal(0))
            assert abs(total - Decimal(picoseconds) / 10**6) <= NANOSECOND * len(bars)
            assert {bar.category for bar in bars} <= {stream}


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_arrows_join_the_members_of_each_group(example: str, plan: str) -> None:
    timed = of_plan(example, plan)
    trace = read(timed)
    bars = trace.leaves("GPU 0 communication")
    gpus = timed.program.mesh.devices
    expected = sum(gpus - gpus // bar.details["members"] for bar in bars)
    assert len(trace.arrows) == expected
    assert all(
        "communication" in trace.threads[lane] for a, b, _ in trace.arrows for lane in (a, b)
    )


@pytest.mark.parametrize(("example", "plan"), PLANS)
def test_the_memory_of_every_gpu_rises_to_the_peak_of_the_report(example: str, plan: str) -> None:
    timed = of_plan(example, plan)
    for rows in read(timed).counters.values():
        assert max(sum(row.values()) for _, row in rows) == timed.memory.needed_bytes
        assert rows[0][0] == 0


def test_a_process_is_a_node_and_has_its_gpus() -> None:
    trace = read(of_plan("helix_16", "published"))
    assert trace.processes == {1: "node 0", 2: "node 1", 3: "longest path"}
    nodes = {name: pid for (pid, _), name in trace.threads.items()}
    assert [nodes[f"GPU {gpu} compute"] for gpu in range(16)] == [1] * 8 + [2] * 8


def test_turns_hold_what_runs_in_them() -> None:
    program = mlp_program(turns=3)
    turns = read(of_program(program)).lane("GPU 0 compute")
    assert [bar.name for bar in turns] == ["layer 0", "layer 1", "layer 2"]
    assert {len(bar.inside) for bar in turns} == {2}  # the others take less than a nanosecond
    assert {leaf.category for bar in turns for leaf in bar.leaves()} == {"compute"}


def test_slices_hold_their_turns() -> None:
    sliced = attrs.evolve(
        mlp_program(turns=2), slices=Slices(dim="batch", leaves=("batch",), count=3)
    )
    timed = of_program(sliced)
    trace = read(timed)
    slices = trace.lane("GPU 0 compute")
    assert [bar.name for bar in slices] == [f"slice of batch {number}" for number in range(3)]
    assert [bar.name for bar in slices[2].inside] == ["layer 0", "layer 1"]
    assert abs(trace.end - Decimal(timed.path.picoseconds) / 10**6) <= NANOSECOND
    for rows in trace.counters.values():
        assert max(sum(row.values()) for _, row in rows) == timed.memory.needed_bytes


@pytest.mark.parametrize(
    ("budget", "gpus", "words"),
    [
        (10**6, 16, ""),
        (12_000, 4, "folded: GPUs 0-3 are shown"),
        (3_000, 1, "folded: GPU 0 is shown"),
        (10, 1, "of each repeat the first two turns and the last are shown"),
    ],
)
def test_what_is_too_large_is_folded_and_says_so(budget: int, gpus: int, words: str) -> None:
    timed = of_program(mlp_program(ways=16, turns=100))
    inner = attrs.evolve(timed.program.cluster.levels[-1], size=4)
    outer = attrs.evolve(timed.program.cluster.levels[-1], size=4, name="node")
    cluster = attrs.evolve(timed.program.cluster, levels=(outer, inner))
    timed = attrs.evolve(timed, program=attrs.evolve(timed.program, cluster=cluster))
    trace = read(timed, budget=budget)
    assert words in trace.about["folded"]
    assert bool(words) == bool(trace.about["folded"])
    assert sum(name.endswith("compute") for name in trace.threads.values()) == gpus
    assert abs(trace.end - Decimal(timed.path.picoseconds) / 10**6) <= NANOSECOND
    if "repeat" in words:
        names = [bar.name for bar in trace.lane("GPU 0 compute")]
        assert names == ["layer 0", "layer 1", "layer 2 to 98 (x 97)", "layer 99"]


def test_some_gpus_can_be_asked_for() -> None:
    trace = read(of_program(mlp_program(ways=4)), gpus=(1, 3))
    lanes = {name for name in trace.threads.values() if name.startswith("GPU")}
    assert lanes == {f"GPU {gpu} {s}" for gpu in (1, 3) for s in ("compute", "communication")}
    assert len(trace.arrows) == 2


def test_equal_programs_give_equal_bytes() -> None:
    texts = {"".join(write_trace(of_program(mlp_program())).chunks) for _ in range(2)}
    assert len(texts) == 1


def passing_on(trips: int, swapped: int) -> Spmd:
    """A repeat in which so many values change places each turn beside one that is made anew."""
    program = mlp_program(turns=trips)
    source, loop = program.body
    assert isinstance(loop, Loop)
    entries = [f"e{number}" for number in range(swapped)]
    carried = [
        LoopValue(
            entry=entry,
            init="x",
            yields=after,
            result=f"r{entry}",
            type=value(*TOKENS),
            layout=WHOLE,
        )
        for entry, after in zip(entries, [*entries[1:], *entries[:1]], strict=True)
    ]
    return attrs.evolve(
        program, body=(source, attrs.evolve(loop, carried=(*loop.carried, *carried)))
    )


@given(trips=st.integers(1, 40), swapped=st.integers(0, 3))
def test_a_turn_that_is_not_walked_through_holds_as_much_as_the_one_that_stands_for_it(
    trips: int, swapped: int
) -> None:
    program = passing_on(trips, swapped)
    loop = program.body[1]
    assert isinstance(loop, Loop)
    walked = sizes(program)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buffers, "walked_turns", lambda loop: range(loop.trips))
        every = sizes(program)
    for value_, turns in every:
        stand = tuple(stand_in(loop, turn) for turn in turns)
        assert walked[value_, stand] == every[value_, turns]


def sizes(program: Spmd) -> dict[tuple[str, tuple[int, ...]], int]:
    found = find_occupancy(program, find_schedule(program)).fillings
    return {(filling.value, filling.turns): filling.bytes for filling in found}


@given(turns=st.integers(1, 30))
def test_a_folded_timeline_is_a_part_of_the_whole_one(turns: int) -> None:
    program = mlp_program(turns=turns)
    schedule = find_schedule(program)
    whole = list(timeline(program, schedule, every_turn))
    part = list(timeline(program, schedule, first_and_last))
    assert {bar for bar in part if isinstance(bar, Run)} <= set(whole)
    for bars in (whole, part):
        layers = [bar for bar in bars if isinstance(bar, Turns)]
        assert sum(bar.last - bar.first + 1 for bar in layers) == turns
        assert all(left.end == right.start for left, right in pairwise(layers))
        assert layers[-1].end == schedule.picoseconds
        curve = list(memory_curve(program, schedule, bars))
        assert max(size for _, size in curve) == build_report(program).memory.peak_bytes
