"""Drawn models, meshes and plans: whatever compiles equals its model after every pass."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st
from random_programs import draw_program

from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.interp.verdict import VerifyReport
from helixc.interp.verify import verify
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd


def drawn(data: st.DataObject) -> str:
    return draw_program(lambda options: data.draw(st.sampled_from(options)))


def drawn_from(seed: int) -> str:
    """The same without hypothesis in between, which draws faster and shrinks worse."""
    return draw_program(random.Random(seed).choice)


def compiled_or_refused(text: str) -> Compilation | None:
    """The compilation; None if the plan or the model was refused with a proper finding."""
    try:
        return compile_text(text)
    except HelixError as error:
        found = [d for d in error.diagnostics if d.severity == "error"]
        assert found
        assert all(d.span.line > 0 for d in found)
        return None


def judged(compiled: Compilation, seed: int = 0) -> VerifyReport:
    stages: list[tuple[str, Logical | Spmd]] = []
    for name, program in compiled.stages[1:]:
        assert isinstance(program, Logical | Spmd)
        stages.append((name, program))
    return verify(compiled.logical, stages, seed=seed)


@settings(max_examples=60)
@given(st.data())
def test_whatever_compiles_equals_its_model_after_every_pass(data: st.DataObject) -> None:
    text = drawn(data)
    compiled = compiled_or_refused(text)
    if compiled is None:
        event("refused")
        return

    report = judged(compiled)

    event(report.verdict)
    expected = "approximation" if compiled.spmd.approximations else "equal"
    assert (report.verdict, report.reason) == (expected, ""), text


def text_of(body: str, plan: str, *, gpus: int = 4) -> str:
    return f"""
      gpu chip {{ memory = 1000 PB; bandwidth = 2.68 TB/s; bf16 = 593.4 TFLOP/s }}
      link wire {{ bandwidth = 450 GB/s; latency = 3 us }}
      {body}
      cluster box {{ gpu chip; level gpu = {gpus} via wire }}
      plan p for m on box {{ {plan} }}
    """


def equal(body: str, plan: str, **options: int) -> Any:
    compiled = compile_text(text_of(body, plan, **options))
    report = judged(compiled)
    return (report.verdict, report.reason)


def test_names_that_a_rewrite_makes_do_not_clash_with_unnamed_values() -> None:
    body = """
      model m {
        dim d = 24, e = 36
        input x: f32[d, e]
        v = softmax(x + 1 + 2 + 3, over d)
        repeat 1 { v = v * v + x / 3 + 1 }
        output v
      }"""

    assert equal(body, "mesh t = 4\n shard d over t") == ("equal", "")


def test_a_dimension_joined_end_to_end_may_be_planned_split() -> None:
    body = """
      model m {
        dim p = 12, q = 24, r = p + q
        input x: f32[p]
        weight w: f32[q]
        y = concat(x, w, p + q -> r)
        first, second = split(y, r -> p + q)
        output second
      }"""

    assert equal(body, "mesh t = 4\n shard r, q over t") == ("equal", "")


def test_a_way_cannot_be_forced_on_a_dimension_that_must_be_whole() -> None:
    body = """
      model m {
        dim d = 24, p = 12, q = 24, r = p + q
        input x: f32[d, p]
        weight w: f32[d, q]
        y = concat(x, w, p + q -> r)
        output y
      }"""

    assert equal(body, "mesh t = 2\n in y { shard q over t via all_reduce }") == ("equal", "")


def test_terms_of_a_partial_value_are_added_in_any_order() -> None:
    body = """
      model m {
        dim a = 24, b = 96, d = 120, e = 36, f = 24, r = 48, g = 3
        input x: f32[a, f, d]
        weight w: f32[f, r]
        y = matmul(x, w, over f)
        z = rename(y, a -> k)
        scores = matmul(y, z, over d) / 3
        v = softmax(scores, over k)
        mixed = matmul(v, z, over k)
        centred = mixed - mean(mixed, over d, r)
        turned = rename(scores, a -> g * n)
        output turned, centred
      }"""
    plan = "mesh t = 2, u = 3\n shard f, d over u\n in v { shard g, f over u }"
    compiled = compile_text(text_of(body, plan, gpus=6))

    for seed in range(30):
        assert judged(compiled, seed).verdict == "equal"
