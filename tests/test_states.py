"""``state``: kept from step to step, at rest, never gathered unasked, counted on its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracle_programs import HARDWARE

import helixc
from helixc.analysis.parameters import count_parameters
from helixc.cli.main import run
from helixc.compiler import Compilation, compile_text
from helixc.interp.verify import verify
from helixc.ir.logical import Op, walk
from helixc.ir.spmd import Compute, Move
from helixc.ir.spmd import walk as walk_spmd

MODEL = f"""{HARDWARE}
model m {{
  dim batch = 16, embed = 32, hidden = 64
  input x: f32[batch, embed]
  repeat 3 {{ x = x + remembering(x) }}
  output x
}}
layer remembering(x: [.., embed]) -> [.., embed] {{
  weight up: f32[embed, hidden]
  weight down: f32[hidden, embed]
  state h: f32[.., hidden]
  h = 0.5 * h + matmul(x, up, over embed)
  return matmul(gelu(h), down, over hidden)
}}
"""
PLANS = {
    "hidden": "mesh t = 4, d = 2; shard batch over d; in remembering { shard hidden over t }",
    "whole": "mesh t = 4, d = 2; in remembering { shard hidden over t }; in remembering.h { replicate hidden }",
    "strict": "mesh t = 4, d = 2; strict; shard batch over d; in remembering { shard hidden over t }",
    "sliced": "mesh t = 4, d = 2; in remembering { shard hidden over t, d }; microbatches 4 over batch",
    "turns": "mesh t = 8; in layer[1].remembering { shard hidden over t }",
}


def compiled(plan: str) -> Compilation:
    return compile_text(MODEL + f"plan p for m on eight {{ {plan} }}", name="states.hx")


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_whatever_a_plan_says_the_new_state_is_that_of_the_model(plan: str) -> None:
    program = compiled(plan)

    assert verify(program.logical, program.stages[1:]).verdict == "equal"


def test_the_new_state_stands_at_the_end_of_its_body_and_is_carried_by_no_repeat() -> None:
    program = compiled(PLANS["hidden"]).logical
    (repeat,) = (s for s in program.body if not isinstance(s, Op))

    kinds = [s.kind for s in walk(repeat.body) if isinstance(s, Op)]
    assert kinds.index("keep") > kinds.index("gelu")
    assert len(repeat.carried) == 1
    assert count_parameters(program) == 3 * 2 * 32 * 64


def test_a_state_that_is_never_bound_again_stays_as_it_is() -> None:
    body = "input x: f32[batch]; state s: f32[batch]; output y = x + s"
    text = f"{HARDWARE}\nmodel m {{ dim batch = 8; {body} }}\n"
    program = compile_text(text + "plan p for m on eight { mesh t = 8; shard batch over t }")

    assert [op.kind for op in program.logical.makers.values()] == ["input", "state", "add"]


def test_it_comes_to_lie_as_planned_whatever_its_readers_want() -> None:
    program = compiled(PLANS["whole"]).spmd
    kept = {
        s.op.result
        for s in walk_spmd(program.body)
        if isinstance(s, Compute) and s.op.kind == "keep"
    }
    moved = [s for s in walk_spmd(program.body) if isinstance(s, Move) and s.source in kept]
    last = moved[-1].layout if moved else program.layouts[next(iter(kept))]

    assert not last.split
    state = next(
        s for s in walk_spmd(program.body) if isinstance(s, Compute) and s.op.kind == "state"
    )
    assert not state.layout.split


def test_memory_has_the_states_of_all_turns_and_all_slices() -> None:
    whole = 3 * 16 * 64 * 4
    assert compiled(PLANS["whole"]).report.memory.state_bytes == whole
    assert compiled(PLANS["hidden"]).report.memory.state_bytes == whole // 8
    assert compiled(PLANS["sliced"]).report.memory.state_bytes == whole // 8
    memory = compiled(PLANS["hidden"]).report.memory
    assert memory.needed_bytes == memory.weights_bytes + memory.state_bytes + memory.peak_bytes


def test_no_buffer_is_counted_for_the_new_state_beside_what_makes_it() -> None:
    memory = compiled(PLANS["hidden"]).report.memory

    assert not [live.name for live in memory.peak if live.value in ("h", "h.3")]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """The model with all plans."""
    path = tmp_path / "states.hx"
    plans = (f"plan {name} for m on eight {{ {text} }}\n" for name, text in PLANS.items())
    path.write_text(MODEL + "".join(plans), encoding="utf-8", newline="\n")
    return str(path)


def test_evaluation_counts_states_as_compiling_does(file: str) -> None:
    many = helixc.evaluate(file, {"strict": [(4, 2), (8, 1)], "sliced": [(2, 4)]})

    assert many.state_bytes.tolist() == [1536, 1536, 1536]
    for place, plan in ((0, "strict"), (2, "sliced")):
        axes = {"strict": "t = 4, d = 2", "sliced": "t = 2, d = 4"}[plan]
        text = PLANS[plan].replace("t = 4, d = 2", axes).replace("; strict", "")
        one = compiled(f"{text}; strict").report
        assert many.needed_bytes[place] == one.memory.needed_bytes
        assert many.picoseconds[place] == one.critical_path.picoseconds


def test_drawings_show_where_the_new_state_goes_and_read_back(file: str, tmp_path: Path) -> None:
    for plan in ("hidden", "whole"):
        out = tmp_path / plan
        assert run(["compile", file, "--plan", plan, "--no-verify", "-o", str(out)]) == 0
        for drawing in sorted(out.glob("*.dot")):
            assert run(["inspect", str(drawing)]) == 0
        assert " kept" in (out / "complete_m_model.dot").read_text(encoding="utf-8")
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        assert report["memory"]["state_bytes_per_gpu"] > 0
        assert "| states |" in (out / "report.md").read_text(encoding="utf-8")
