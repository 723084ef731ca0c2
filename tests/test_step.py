"""Steps of a model on given numbers: a prefill is as many single steps, and outside code agrees."""

from __future__ import annotations

import numpy as np
import pytest

from helixc.compiler import compile_text
from helixc.interp.site import Array
from helixc.interp.step import Step, given_shapes, run_step
from helixc.ir.logical import Logical

TOKENS = 6
# What is no weight.
GIVEN = ("tokens", "k", "v")
DECODER = """
import std.hardware
import std.layers
model chat {
  dtype f32
  dim batch = 2, seq = 6, past = 0, key = 8, embed = 8, hidden = 12, vocab = 11
  dim kv_head = 2, group = 2, head_dim = 4
  input tokens: i32[batch, seq]
  weight table: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 2 {
    x = x + remembering(rms_norm(x, over embed))
    x = x + swiglu(rms_norm(x, over embed))
  }
  output logits = matmul(x, table, over embed)
  phase prefill
  phase decode { dim seq = 1 }
}
layer remembering(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  state k, v: [.., key, kv_head, head_dim]
  q = rope(matmul(x, wq, over embed), start = past, over head_dim)
  k = append(k, rope(matmul(x, wk, over embed), start = past, over head_dim), at = past, seq -> key)
  v = append(v, matmul(x, wv, over embed), at = past, seq -> key)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  seen = where(index(key) <= index(seq) + past, scores, -inf)
  attended = matmul(softmax(seen, over key), v, over key)
  return matmul(attended, wo, over kv_head, group, head_dim)
}
cluster one { gpu h100_sxm; level gpu = 1 via nvlink4 }
plan p for chat on one { mesh g = 1 }
"""


def phase(name: str, **settings: int) -> Logical:
    return compile_text(DECODER, phase=name, settings=settings).logical


def weights(program: Logical, seed: int = 0) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    shapes = given_shapes(program).items()
    return {n: random.normal(size=s) / 2 for n, s in shapes if n.split(".")[-1] not in GIVEN}


def tokens(seed: int = 1) -> Array:
    return np.random.default_rng(seed).integers(0, 11, (2, TOKENS))


def logits(step: Step) -> Array:
    return step.outputs["logits"].ordered("batch", "seq", "vocab")


def test_a_prefill_is_as_many_single_steps() -> None:
    prefill = phase("prefill")
    kept, text = weights(prefill), tokens()
    whole = run_step(prefill, {**kept, "tokens": text})

    states: dict[str, Array] = {}
    for place in range(TOKENS):
        single = {**kept, "tokens": text[:, place : place + 1]}
        step = run_step(phase("decode", past=place), single, states)
        states = dict(step.states)
        assert np.allclose(logits(step)[:, 0], logits(whole)[:, place], rtol=1e-12, atol=1e-13)
    for name, state in whole.states.items():
        assert np.allclose(states[name], state, rtol=1e-12, atol=1e-13), name


def test_a_prefill_in_two_parts_is_the_same() -> None:
    text, program = tokens(), phase("prefill")
    kept = weights(program)
    whole = run_step(program, {**kept, "tokens": text})

    first = run_step(phase("prefill", seq=4), {**kept, "tokens": text[:, :4]})
    second = run_step(
        phase("prefill", seq=2, past=4), {**kept, "tokens": text[:, 4:]}, first.states
    )
    assert np.allclose(logits(second), logits(whole)[:, 4:], rtol=1e-12, atol=1e-13)


def test_a_cache_that_is_just_long_enough_is_filled_at_once() -> None:
    kept, text = weights(phase("prefill")), tokens()
    short = run_step(phase("prefill", key=TOKENS), {**kept, "tokens": text})
    whole = run_step(phase("prefill"), {**kept, "tokens": text})

    assert np.allclose(logits(short), logits(whole), rtol=1e-12, atol=1e-13)


def test_what_is_given_goes_by_the_way_to_where_it_is_declared() -> None:
    shapes = given_shapes(phase("decode"))

    assert shapes["tokens"] == (2, 1)
    assert shapes["layer.0.remembering.wq"][0] == 8
    assert np.prod(shapes["layer.1.remembering.k"]) == 2 * 8 * 2 * 4
    assert "layer.1.swiglu.down" in shapes


def test_a_dimension_that_is_taken_apart_may_be_given_whole() -> None:
    program = phase("prefill")
    kept = {n: a.reshape(a.shape[0], -1) for n, a in weights(program).items()}

    found = logits(run_step(program, {**kept, "tokens": tokens()}))
    assert np.array_equal(
        found, logits(run_step(program, {**weights(program), "tokens": tokens()}))
    )


def test_wrong_names_and_shapes_are_told() -> None:
    program = phase("prefill")
    kept = {**weights(program), "tokens": tokens()}

    with pytest.raises(ValueError, match="table is not given"):
        run_step(program, {n: a for n, a in kept.items() if n != "table"})
    with pytest.raises(ValueError, match="nothing that the model is given"):
        run_step(program, {**kept, "tabel": kept["table"]})
    with pytest.raises(ValueError, match=r"table is \(3,\)"):
        run_step(program, {**kept, "table": np.zeros(3)})
