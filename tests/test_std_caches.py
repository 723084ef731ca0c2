"""The layers of the library that have a cache: steps one after the other are what they would be at once."""

from __future__ import annotations

import numpy as np
import pytest

from helixc.analysis.parameters import count_parameters
from helixc.compiler import Compilation, compile_text
from helixc.interp.site import Array
from helixc.interp.step import given_shapes, run_step
from helixc.interp.verify import verify

GQA = "x = x + gqa(rms_norm(x, over embed))"
WINDOW = "x = x + gqa(rms_norm(x, over embed), window = 3, cap = 5)"
MLA = "x = x + mla(rms_norm(x, over embed))"
LAYERS = {"gqa": GQA, "window": WINDOW, "mla": MLA}
TOKENS = 6
MODEL = """
import std.hardware
import std.layers
model m {
  dtype f32
  dim batch = 4, seq = 6, past = 0, key = 8, embed = 8
  dim kv_head = 4, group = 2, head_dim = 4
  dim head = 4, nope = 4, rot = 2, value = 4, q_rank = 6, kv_rank = 6
  input x: [batch, seq, embed]
  repeat 2 { LAYER }
  output x
  phase prefill; phase decode { dim seq = 1, past = 7 }
}
cluster box { gpu h100_sxm; level gpu = 4 via nvlink4 }
plan p for m on box { PLAN }
"""
PLANS = {
    "heads": "mesh t = 4; in gqa { shard kv_head over t }; in mla { shard head over t }",
    "keys": "mesh t = 2, kvp = 2; in gqa, mla { shard key over kvp }",
    "batch": "mesh d = 4; shard batch over d",
}


def compiled(layer: str, plan: str, phase: str, **settings: int) -> Compilation:
    lines = PLANS[plan]
    absent = "mla" if "gqa" in LAYERS[layer] else "gqa"
    lines = "; ".join(line for line in lines.split("; ") if not line.startswith(f"in {absent} "))
    lines = lines.replace("in gqa, mla", f"in {'mla' if layer == 'mla' else 'gqa'}")
    text = MODEL.replace("LAYER", LAYERS[layer]).replace("PLAN", lines)
    return compile_text(text, phase=phase, settings=settings)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("layer", LAYERS)
def test_plans_are_proved(layer: str, plan: str, phase: str) -> None:
    found = compiled(layer, plan, phase)

    assert verify(found.logical, found.stages[1:]).verdict == "equal"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_prefill_is_as_many_single_steps(layer: str) -> None:
    random = np.random.default_rng(5)
    prefill = compiled(layer, "batch", "prefill").logical
    shapes = given_shapes(prefill)
    states = {op.home.name for op in prefill.stored.values() if op.kind == "state"}
    kept = {n: random.normal(size=s) for n, s in shapes.items() if n.split(".")[-1] not in states}
    whole = run_step(prefill, kept).outputs["x"].ordered("batch", "seq", "embed")

    cache: dict[str, Array] = {}
    for place in range(TOKENS):
        program = compiled(layer, "batch", "decode", past=place).logical
        single = {**kept, "x": kept["x"][:, place : place + 1]}
        step = run_step(program, single, cache)
        cache = dict(step.states)
        found = step.outputs["x"].ordered("batch", "seq", "embed")
        assert np.allclose(found[:, 0], whole[:, place], rtol=1e-11, atol=1e-12)


def test_parameters_are_those_of_the_papers() -> None:
    """Wq, Wk, Wv, Wo of grouped heads; the eight matrices of latent attention and its two gains."""
    gqa = 2 * (8 * 4 * 2 * 4 * 2 + 8 * 4 * 4 * 2)
    mla = 8 * 6 + 6 * 4 * (4 + 2) + 8 * 6 + 6 * 4 * (4 + 4) + 8 * 2 + 4 * 4 * 8 + 2 * 6

    assert count_parameters(compiled("gqa", "batch", "decode").logical) == gqa
    assert count_parameters(compiled("mla", "batch", "decode").logical) == 2 * mla
