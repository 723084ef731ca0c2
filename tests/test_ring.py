"""Ring attention: keys and values go round the GPUs, queries stay, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helixc import trial
from helixc.analysis.collectives import find_collectives
from helixc.analysis.critical_path import find_critical_path
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.numbers_text import seconds_text
from helixc.columns.evaluation import evaluate_sources
from helixc.compiler import Compilation, compile_sources, compile_text, make_choice
from helixc.inspect.inspection import inspect_dot
from helixc.interp.verify import verify
from helixc.ir.invariants_plan import RINGS_MADE
from helixc.ir.layout import AllGather, Permute
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import Fused, Rolled
from helixc.ir.plan import Shard
from helixc.ir.spmd import Move, walk
from helixc.text.loader import load_text

HARDWARE = """
import std.layers
import std.hardware
cluster c { gpu h100_sxm; level node = 4 via ib_ndr400; level gpu = 4 via nvlink4 }
"""
GROUPED = """
layer gqa(x: [.., seq, embed], causal = true, window = inf, cap = inf, start = 0) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  mixed = attend(q, k, v, causal = causal, window = window, cap = cap, start = start, over head_dim)
  return matmul(mixed, wo, over kv_head, group, head_dim)
}
"""
SIZES = "dim batch = 8, seq = 4096, embed = 512, head = 8, kv_head = 4, group = 2, head_dim = 64"


def ring(call: str, plan: str, *, turns: int = 0) -> Compilation:
    """A residual attention, in a repeat if asked."""
    step = f"x = x + {call}"
    body = f"repeat {turns} {{ {step} }}" if turns else step
    model = (
        f"model m {{\ndtype bf16\n{SIZES}\ninput x: bf16[batch, seq, embed]\n{body}\noutput x\n}}\n"
    )
    return compile_text(f"{HARDWARE}{GROUPED}{model}plan p for m on c {{ {plan} }}\n")


def proved(compiled: Compilation) -> bool:
    return verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


def moves(compiled: Compilation) -> list[Move]:
    return [s for s in walk(compiled.spmd.body) if isinstance(s, Move)]


def received(compiled: Compilation) -> int:
    """Bytes that a GPU receives in a step."""
    found = find_collectives(compiled.spmd, find_layers(compiled.spmd))
    return sum(collective.bytes_per_gpu for collective in found)


CP = "mesh cp = 4; shard seq, key over cp via ring"
ATTENTIONS = ["mha(x)", "mha(x, causal = false)", "gqa(x)", "gqa(x, window = 1000, cap = 30)", "gqa(x, start = 5)"]  # fmt: skip


@pytest.mark.parametrize("fused", ["", "; fuse attend"])
@pytest.mark.parametrize("call", ATTENTIONS)
def test_every_attention_goes_round_and_passes_keys_and_values_on_once_less_than_there_are_gpus(
    call: str, fused: str
) -> None:
    compiled = ring(call, CP + fused)

    collectives = find_collectives(compiled.spmd, find_layers(compiled.spmd))
    assert [(c.value, c.kind, c.times) for c in collectives] == [
        ("k", "permute", 3),
        ("v", "permute", 3),
    ]
    assert proved(compiled)


@pytest.mark.parametrize(
    "plan",
    [
        "mesh dp = 2, cp = 4, tp = 2; shard batch over dp; shard seq, key over cp via ring; in gqa { shard kv_head over tp; fuse attend }",
        "mesh cp = 4, tp = 2; shard seq, key over cp via ring; shard seq over tp; in gqa { shard kv_head over tp }",
        "mesh cp = 2, tp = 4; shard seq, key over cp via ring; in gqa { shard head_dim over tp }",
        "mesh a = 2, b = 2; shard seq, key over a, b via ring; fuse attend",
        "mesh cp = 4, s = 2; shard seq, key over cp via ring; shard key over s; strict",
        "mesh cp = 2; microbatches 2 over batch; shard seq, key over cp via ring; fuse attend",
    ],
)  # fmt: skip
def test_other_axes_split_what_they_split_anyway(plan: str) -> None:
    compiled = ring("gqa(x, window = 1000)", plan, turns=2)

    assert [type(m.step) for m in moves(compiled)].count(Permute) == 2
    assert proved(compiled)


def test_the_exchange_hides_behind_the_attention_of_the_same_turn() -> None:
    compiled = ring("gqa(x)", CP + "; fuse attend")

    path = find_critical_path(compiled.spmd)
    assert path.communication_picoseconds > 0
    assert path.exposed_picoseconds == 0


def test_it_receives_what_an_all_gather_would() -> None:
    gathered = ring("gqa(x)", "mesh cp = 4; shard seq, key over cp via all_gather; fuse attend")
    passed = ring("gqa(x)", CP + "; fuse attend")

    assert {type(move.step) for move in moves(gathered)} == {AllGather}
    assert received(passed) == received(gathered) > 0


def test_a_group_of_more_gpus_than_are_simulated_is_proved_on_fewer() -> None:
    text = (
        HARDWARE
        + "cluster large { gpu h100_sxm; level node = 32 via ib_ndr400; level gpu = 4 via nvlink4 }\n"
    )
    model = f"model m {{\ndtype bf16\n{SIZES}\ninput x: bf16[batch, seq, embed]\noutput y = mha(x)\n}}\n"
    plan = "plan p for m on large { mesh cp = gpus; shard seq, key over cp via ring; fuse attend }"
    compiled = compile_text(text + model + plan)

    report = verify(compiled.logical, compiled.stages[1:])
    assert report.verdict == "equal"
    assert report.shrunk_axes == ("cp 128 -> 2",)


def changed(compiled: Compilation, change: Callable[[Op], Op]) -> str:
    """The verdict on the program behind the ring when one operator is another."""
    stages = dict(compiled.stages)
    program = stages["ring"]
    assert isinstance(program, Logical)

    def edited(statement: Statement) -> Statement:
        if isinstance(statement, Repeat):
            return attrs.evolve(statement, body=tuple(map(edited, statement.body)))
        statement = change(statement)
        if isinstance(statement.params, Fused):
            members = tuple(map(change, statement.params.body))
            return attrs.evolve(statement, params=Fused(statement.params.inputs, members))
        return statement

    wrong = attrs.evolve(program, body=tuple(map(edited, program.body)))
    return verify(compiled.logical, [("ring", wrong)]).verdict


@pytest.mark.parametrize("fused", ["", "; fuse attend"])
def test_a_ring_that_is_wrong_is_found_out(fused: str) -> None:
    compiled = ring("mha(x)", CP + fused)

    def other_way(op: Op) -> Op:
        return attrs.evolve(op, params=Rolled(3)) if op.kind == "roll" else op

    def never_rescaled(op: Op) -> Op:
        return attrs.evolve(op, kind="minimum") if op.kind == "maximum" else op

    def same_place(op: Op) -> Op:
        return attrs.evolve(op, kind="maximum") if op.kind == "mod" else op

    assert changed(compiled, lambda op: op) == "equal"
    for change in (other_way, never_rescaled, same_place):
        assert changed(compiled, change) == "differs"


def test_drawings_of_a_ring_are_sound() -> None:
    compiled = ring("gqa(x)", CP + "; fuse attend", turns=2)

    assert all(inspect_dot(drawing.dot).ok for drawing in compiled.drawings)


def test_a_line_that_is_not_carried_out_is_seen() -> None:
    program = ring("mha(x)", CP).logical

    (found,) = RINGS_MADE.check(program)
    assert found.code == "HX0357"


def test_the_plan_behind_the_pass_asks_for_no_ring_any_more() -> None:
    compiled = ring("mha(x)", CP)

    lines = [x for block in compiled.spmd.plan.blocks for x in block.lines if isinstance(x, Shard)]
    assert [line.via for line in lines] == [""]


@settings(max_examples=15)
@given(st.data())
def test_drawn_rings_compute_what_the_model_says(data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(ATTENTIONS))
    gpus = data.draw(st.sampled_from([2, 4, 8]))
    others = data.draw(
        st.sampled_from(
            [
                "",
                "shard batch over t",
                "shard seq over t",
                "in attend { shard head, kv_head over t }",
            ]
        )
    )
    fused = data.draw(st.sampled_from(["", "; fuse attend"]))
    turns = data.draw(st.sampled_from([0, 2]))
    axes = f"mesh cp = {gpus}, t = 2" if data.draw(st.booleans()) else f"mesh t = 2, cp = {gpus}"

    plan = f"{axes}; shard seq, key over cp via ring; {others or 'replicate embed'}{fused}"
    assert proved(ring(call, plan, turns=turns))


LONG = """
model long {
  dtype bf16
  dim batch = 1, seq = 65_536, embed = 4096, kv_head = 8, group = 4, head_dim = 128
  input x: bf16[batch, seq, embed]
  output y = gqa(x)
}
gpu chip { like = h100_sxm; memory = MEMORY }
link slow { bandwidth = 10 GB/s; latency = 5 us }
cluster wide { gpu chip; level node = 8 via slow }
cluster near { gpu chip; level gpu = 8 via nvlink4 }
"""


def long(cluster: str, via: str = "", *, memory: str = "80 GB") -> Compilation:
    """Long attention over eight GPUs."""
    plan = (
        f"plan p for long on {cluster} {{ mesh cp = 8; shard seq, key over cp {via}; fuse attend }}"
    )
    return compile_text(f"{HARDWARE}{GROUPED}{LONG.replace('MEMORY', memory)}{plan}\n")


@pytest.mark.parametrize("cluster", ["wide", "near"])
def test_left_open_the_faster_form_is_taken_and_the_other_one_named(cluster: str) -> None:
    free, passed, gathered = (long(cluster, via) for via in ("", "via ring", "via all_gather"))

    times = [find_critical_path(one.spmd).picoseconds for one in (free, passed, gathered)]
    assert times[0] == min(times[1:])
    (note,) = [d for d in free.diagnostics if d.code == "HX0605"]
    assert all(seconds_text(time) in note.message for time in times[1:])
    assert not [d for one in (passed, gathered) for d in one.diagnostics if d.code == "HX0605"]


def test_over_slow_links_it_is_a_ring_and_over_fast_ones_an_all_gather() -> None:
    assert {type(move.step) for move in moves(long("wide"))} == {Permute}
    assert {type(move.step) for move in moves(long("near"))} == {AllGather}
    assert proved(long("wide"))


def test_what_fits_comes_before_what_is_fast() -> None:
    gathered, passed = long("near", "via all_gather"), long("near", "via ring")
    needs = sorted(needed_bytes(one) for one in (gathered, passed))
    assert needed_bytes(passed) == needs[0]

    between = long("near", memory=f"{sum(needs) // 2} B")
    assert {type(move.step) for move in moves(between)} == {Permute}


def needed_bytes(compiled: Compilation) -> int:
    memory = find_memory(compiled.spmd, find_layers(compiled.spmd))
    return memory.weights_bytes + memory.peak_bytes


def test_a_plan_without_keys_split_like_queries_is_compiled_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("nothing is to be tried")

    monkeypatch.setattr(trial, "find_schedule", refuse)
    for plan in ("mesh cp = 4; shard seq over cp", "mesh t = 4; in mha { shard head over t }", CP):
        ring("mha(x)", plan)


def test_many_plans_in_columns_take_the_same_form_as_one() -> None:
    sources = load_text(
        f"{HARDWARE}{GROUPED}{LONG.replace('MEMORY', '80 GB')}"
        "plan p for long on wide { mesh cp = 8; shard seq, key over cp; fuse attend; strict }\n",
        "m.hx",
    )
    found = evaluate_sources(sources, {"p": [[8], [4], [2]]})

    (alone,) = (compile_sources(sources, make_choice(None, "p", None, None)),)
    assert found.picoseconds[0] == find_critical_path(alone.spmd).picoseconds
    assert found.received_bytes[0] == received(alone)


def test_what_a_kernel_does_anyway_may_be_asked_for() -> None:
    assert [d.code for d in long("near", "via all_gather").diagnostics] == []


def test_heads_that_only_a_kernel_has_may_be_split() -> None:
    plan = "mesh sp = 4; shard seq, key over sp; in attend { shard kv_head over sp }; fuse attend"
    compiled = ring("gqa(x)", plan)

    assert {d.code for d in compiled.diagnostics} <= {"HX0505", "HX0605"}
    assert proved(compiled)


NAMED = """
model m {
  dtype bf16
  dim batch = 8, seq = 32, embed = 16
  input x: bf16[batch, seq, embed]
  y = rename(x, seq -> key)
  scores = matmul(x, y, over embed)
  weights = softmax(scores, over key)
  output z = matmul(weights, y, over key)
}
"""


@pytest.mark.parametrize("fused", ["", "; fuse scores, weights, z"])
@pytest.mark.parametrize(("places", "told"), [("weights", "HX0532"), ("scores, weights, z", "")])
def test_lines_about_weights_that_a_ring_holds_nowhere_are_let_go(
    places: str, told: str, fused: str
) -> None:
    plan = f"mesh dp = 2, cp = 4; shard seq, key over cp via ring; in {places} {{ shard batch over dp }}{fused}"
    sources = load_text(f"{HARDWARE}{NAMED}plan p for m on c {{ {plan} }}\n", "m.hx")
    compiled = compile_sources(sources, make_choice(None, None, None, None), verify_each=True)

    assert [d.code for d in compiled.diagnostics if d.code == "HX0532"] == [told] * bool(told)
    assert proved(compiled)
