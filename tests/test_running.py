"""What is made of what processes have measured; ``tests/torch_runs`` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

import helixc
from helixc.compiler import Compilation
from helixc.running.case import RunCase, run_case, sized
from helixc.running.launch import Finished, Span
from helixc.running.outcome import outcome

REFERENCE = Path(__file__).parent.parent / "examples" / "helix_16.hx"


@pytest.fixture(scope="module")
def compiled() -> Compilation:
    return helixc.compile(REFERENCE, plan="two_level")


@pytest.fixture(scope="module")
def case(compiled: Compilation) -> RunCase:
    return run_case(sized(compiled, small=True))


def test_times_are_those_of_one_run_on_the_slowest_process(
    compiled: Compilation, case: RunCase
) -> None:
    (name,) = (s.result for s in compiled.spmd.body[-1].body if s.result.startswith("q"))
    spans = [(Span(name, 0.0, 1.0 + rank), Span(name, 9.0, 10.0)) for rank in range(16)]
    finished = Finished(steps=(), apart=tuple(spans))

    rows = {row.name: row for row in outcome(case, finished, "f64", compiled.spmd).times}
    row = rows[name]
    assert row.measured == (16.0 + 1.0) / 2
    assert row.runs == 2
    assert row.ratio == row.measured / row.predicted
    assert outcome(case, Finished(steps=()), "f64", compiled.spmd).times == ()
