"""What is made of what processes have measured; ``tests/torch_runs`` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from trace_reader import Trace, read_trace

import helixc
from helixc.analysis.schedule import find_schedule
from helixc.analysis.spans import Span, Timings
from helixc.analysis.timed_program import timed_program
from helixc.analysis.timeline import Run, every_turn, timeline
from helixc.compiler import Compilation
from helixc.emit.measured_trace import measured_trace
from helixc.emit.trace import write_trace
from helixc.ir.spmd import Compute, walk
from helixc.running.case import RunCase, run_case, sized
from helixc.running.launch import Finished
from helixc.running.outcome import outcome

REFERENCE = Path(__file__).parent.parent / "examples" / "helix_16.hx"


@pytest.fixture(scope="module")
def compiled() -> Compilation:
    return helixc.compile(REFERENCE, plan="two_level")


@pytest.fixture(scope="module")
def case(compiled: Compilation) -> RunCase:
    return run_case(sized(compiled, small=True))


def timed(case: RunCase) -> Timings:
    """All statements in the order of the program, a second each; collectives last two, and wait for others.

    GPU g starts g hundredths of a second late.
    """
    program = case.program
    found: list[tuple[Span, ...]] = []
    for gpu in range(program.mesh.devices):
        now, spans = gpu / 100, list[Span]()
        for run in timeline(program, find_schedule(program), every_turn):
            if isinstance(run, Run):
                lasting = 2.5 if run.stream == "communication" else 1.0
                spans.append(Span(run.value, now, now + lasting))
                now += 1.0
        found.append(tuple(spans))
    return tuple(found)


def read(compiled: Compilation, case: RunCase, timings: Timings, budget: int = 50_000) -> Trace:
    trace = measured_trace(case.program, compiled.spmd, timings, "here", budget)
    return read_trace("".join(trace.chunks))


def test_a_measured_timeline_has_the_lanes_and_bars_of_the_predicted_one(
    compiled: Compilation, case: RunCase
) -> None:
    measured = read(compiled, case, timed(case))
    timed_as_written = timed_program(compiled.spmd, compiled.report)
    predicted = read_trace("".join(write_trace(timed_as_written).chunks))

    lanes = {lane: name for lane, name in predicted.threads.items() if name.startswith("GPU")}
    assert lanes.items() <= measured.threads.items()
    assert measured.processes.items() <= predicted.processes.items()
    names = [bar.name for bar in predicted.leaves("GPU 3 compute")]
    assert [bar.name for bar in measured.leaves("GPU 3 compute")] == names
    assert [bar.name for bar in measured.lane("GPU 3 compute")] == ["layer 0", "layer 1"]
    assert measured.about["measured"] == "here"
    assert "predicted" in measured.leaves("GPU 3 compute")[0].details


def test_collectives_that_overlap_lie_on_lanes_of_their_own(
    compiled: Compilation, case: RunCase
) -> None:
    measured = read(compiled, case, timed(case))
    predicted = timed_program(compiled.spmd, compiled.report)
    whole = read_trace("".join(write_trace(predicted).chunks))

    lanes = [name for name in measured.threads.values() if name.startswith("GPU 5 communication")]
    assert len(lanes) > 1
    bars = [bar.name for name in lanes for bar in measured.leaves(name)]
    assert sorted(bars) == sorted(bar.name for bar in whole.leaves("GPU 5 communication"))
    assert len(measured.arrows) == len(whole.arrows)


def test_a_measured_timeline_that_is_too_large_shows_some_gpus(
    compiled: Compilation, case: RunCase
) -> None:
    timings = timed(case)
    events = 3 * len(timings[0])
    for budget, gpus in ((16 * events, 16), (15 * events, 8), (1, 1)):
        trace = read(compiled, case, timings, budget)
        assert sum(name.endswith("compute") for name in trace.threads.values()) == gpus
        assert bool(trace.about["folded"]) == (gpus < 16)


def test_times_are_those_of_one_run_on_the_slowest_process(
    compiled: Compilation, case: RunCase
) -> None:
    statements = (s for s in walk(compiled.spmd.body) if isinstance(s, Compute))
    (name,) = (s.result for s in statements if s.op.home.name == "q")
    spans = [(Span(name, 0.0, 1.0 + rank), Span(name, 9.0, 10.0)) for rank in range(16)]
    finished = Finished(steps=(), apart=tuple(spans))

    rows = {row.name: row for row in outcome(case, finished, "f64", compiled.spmd).times}
    row = rows[name]
    assert row.measured == (16.0 + 1.0) / 2
    assert row.runs == 2
    assert row.ratio == row.measured / row.predicted
    assert outcome(case, Finished(steps=()), "f64", compiled.spmd).times == ()


def test_the_layer_that_is_measured_on_a_gpu_runs_on_one_process() -> None:
    compiled = helixc.compile(REFERENCE.parent.parent / "benchmarks" / "one_layer.hx")
    case = run_case(sized(compiled, small=True))
    assert case.program.mesh.devices == 1
    assert [output.name for output in case.program.outputs] == ["y"]
