"""``append``: entries put into a state in place, by the GPU that has the place, at the price of the entries."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_operators import programs
from hypothesis import given
from oracle_programs import HARDWARE

from helixc.analysis.local_compute import local_compute
from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.interp.data import Data
from helixc.interp.logical import run_logical
from helixc.interp.verify import verify
from helixc.ir.logical import Logical
from helixc.ir.ops import Cut
from helixc.ir.spmd import Compute, Move, walk

DECODER = f"""{HARDWARE}
model m {{
  dtype bf16
  dim batch = 8, seq = 512, past = 0, key = past + seq, embed = 64
  dim kv_head = 4, group = 2, head_dim = 16
  input x: [batch, seq, embed]
  repeat 2 {{ x = x + gqa(x) }}
  output x
  phase prefill
  phase decode {{ dim seq = 1, past = 511 }}
  phase verify {{ dim seq = 5, past = 507 }}
}}
layer gqa(x: [.., seq, embed]) -> [.., seq, embed] {{
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  state k, v: [.., key, kv_head, head_dim]
  q = matmul(x, wq, over embed)
  k = append(k, matmul(x, wk, over embed), at = past, seq -> key)
  v = append(v, matmul(x, wv, over embed), at = past, seq -> key)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  seen = where(index(key) <= index(seq) + past, scores, -inf)
  attended = matmul(softmax(seen, over key), v, over key)
  return matmul(attended, wo, over kv_head, group, head_dim)
}}
"""
PLANS = {
    "heads": "mesh t = 4, d = 2; shard batch over d; in gqa { shard kv_head over t }",
    "keys": "mesh kvp = 4, tpa = 2; in gqa { shard kv_head over tpa; shard key over kvp }",
    "context": "mesh cp = 8; shard seq, key over cp",
    "slices": "mesh kvp = 8; in gqa { shard key over kvp }; microbatches 2 over batch",
}
PHASES = ("prefill", "decode", "verify")


def compiled(plan: str, phase: str, **settings: int) -> Compilation:
    text = DECODER + f"plan p for m on eight {{ {PLANS[plan]} }}"
    return compile_text(text, name="decoder.hx", phase=phase, settings=settings)


def the_appends(of: Compilation) -> list[Compute]:
    return [s for s in walk(of.spmd.body) if isinstance(s, Compute) and s.op.kind == "append"]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("plan", PLANS)
def test_a_decoder_with_a_cache_is_proved_in_every_phase(plan: str, phase: str) -> None:
    found = compiled(plan, phase)
    report = verify(found.logical, found.stages[1:])

    assert report.verdict == "equal", report
    sizes = dict(report.instance)
    assert sizes["key"] < 512, "a small instance is found"


def test_the_first_entries_of_all_take_the_place_of_the_state() -> None:
    kinds = [op.kind for op in compiled("heads", "prefill").logical.makers.values()]

    assert "append" not in kinds
    assert kinds.count("keep") == 2


def test_what_is_cached_stays_split_along_the_keys_and_is_never_gathered() -> None:
    for phase in ("decode", "verify"):
        found = compiled("keys", phase).spmd
        assert {str(s.layout.split) for s in the_appends(compiled("keys", phase))} == {
            "(('key', ('kvp',)), ('kv_head', ('tpa',)))"
        }
        moved = {s.why.value for s in walk(found.body) if isinstance(s, Move)}
        assert moved.isdisjoint({"k", "v", "k.2", "v.2"})


def test_only_the_new_entries_are_moved() -> None:
    """8 x 5 x 1 x 16 entries of bf16 are read and written, of a cache of 8 x 512 x 4 x 16."""
    found = compiled("heads", "verify").spmd
    (append, _) = the_appends(compiled("heads", "verify"))
    work = local_compute(append, found).work

    assert work.bytes == 2 * 4 * 5 * 1 * 16 * 2
    assert work.flops == 0


def test_the_new_state_lies_in_the_buffer_of_the_old_one() -> None:
    memory = compiled("keys", "decode").report.memory

    assert memory.state_bytes == 2 * 2 * 8 * 512 * 4 * 16 * 2 // 8
    kept = {"k", "v", "k.2", "v.2", "k.3", "v.3"}
    assert not [live for live in memory.peak if live.value in kept]


def test_masks_and_places_shrink_together() -> None:
    found = compiled("keys", "verify")
    small = verify(found.logical, found.stages[1:])
    sizes = dict(small.instance)

    assert 0 < sizes["seq"] < sizes["key"]


@given(programs(("append",)))
def test_it_means_what_numpy_says(program: Logical) -> None:
    op = program.makers["y"]
    assert isinstance(op.params, Cut)
    supply = Data(program, seed=3)
    into, new = (supply(program.makers[str(o)], ()) for o in op.operands)
    rest = tuple(dim for dim in op.type.dims if dim not in op.params.source)
    first, second = program.types[str(op.operands[0])].dims, program.types[str(op.operands[1])].dims
    count = [program.sizes[dim] for dim in rest]
    flat = into.transpose([first.index(d) for d in (*rest, *op.params.source)]).reshape(*count, -1)
    flat = flat.copy()
    entries = new.transpose([second.index(d) for d in (*rest, *op.params.dims)]).reshape(*count, -1)
    flat[..., op.params.start : op.params.start + entries.shape[-1]] = entries
    found = run_logical(program, supply).latest["y"][0]
    order = [op.type.dims.index(dim) for dim in (*rest, *op.params.source)]

    assert np.array_equal(found.transpose(order).reshape(*count, -1), flat)


def refused(body: str, plan: str) -> list[str]:
    text = f"{HARDWARE}\nmodel m {{\n  {body}\n}}\nplan p for m on eight {{ mesh t = 8; {plan} }}\n"
    with pytest.raises(HelixError) as wrong:
        compile_text(text)
    return [d.code for d in wrong.value.diagnostics if d.severity == "error"]


def test_places_that_padding_would_move_cannot_be_padded() -> None:
    body = """dim a = 48, n = 24, g = 2, f = 4
  input x: f32[f]
  state s: f32[a]
  s = append(s, x, at = 12, f -> a)
  output y = rename(s, a -> n * g)"""

    assert refused(body, "pad g; shard g over t") == ["HX0539"]
    assert refused(body, "pad f; shard f over t") == ["HX0539"]


def test_a_state_has_no_room_for_segments() -> None:
    body = """dim a = 8, e = 16, f = 4
  input x: f32[f, e]
  weight w: f32[e]
  state s: f32[a]
  part = matmul(x, w, over e)
  s = append(s, part, at = 2, f -> a)
  output y = sum(s, over a)"""

    assert refused(body, "shard e over t; local part over t") == ["HX0526"]


def test_a_padded_cache_is_proved() -> None:
    """12 keys over 8 GPUs are 16; what is put in lies where it did."""
    text = DECODER.replace("past = 511", "past = 11").replace("seq = 512", "seq = 12")
    plan = "mesh kvp = 8; in gqa { pad key; shard key over kvp }"
    found = compile_text(f"{text}plan p for m on eight {{ {plan} }}", phase="decode")

    assert verify(found.logical, found.stages[1:]).verdict == "equal"


def test_a_plan_that_holds_the_cache_in_two_ways_is_told_what_it_costs() -> None:
    body = """dim f = 64, c = 8
  input x: f32[c]
  y = longer(x)
  output z = sum(y, over f)"""
    layer = "layer longer(x: [c]) { state s: [f]; s = append(s, f32(x), at = 8, c -> f); return s }"
    plan = "mesh t = 8; in longer { shard f over t }; in y { replicate f }"
    text = f"{HARDWARE}\nmodel m {{ dtype f32\n{body} }}\n{layer}\nplan p for m on eight {{ {plan} }}\n"
    found = compile_text(text)

    warned = {d.code: d.message for d in found.diagnostics if d.severity == "warning"}
    assert warned["HX0601"].startswith("a state is gathered although no line asks for it")
    assert verify(found.logical, found.stages[1:]).verdict == "equal"
