"""Programs that once went wrong, each reduced to what made it so."""

from __future__ import annotations

import pytest

from helixc.compiler import (
    Compilation,
    check_sources,
    compile_sources,
    compile_text,
    make_choice,
)
from helixc.diagnostics import HelixError
from helixc.interp.verify import verify
from helixc.ir.spmd import Loop, Move, walk
from helixc.text.loader import load_text

HARDWARE = """
gpu g { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s; f32 = 50 TFLOP/s }
link l { bandwidth = 100 GB/s; latency = 3 us }
cluster c { gpu g; level gpu = 4 via l }
"""
SIZES = "dtype bf16\ndim b = 8, s = 16, e = 32, h = 64\ninput x: [b, s, e]"


def program(body: str, plan: str, layers: str = "") -> str:
    """A model of a few lines under a plan of a few lines, on four GPUs."""
    return (
        f"model m {{\n{SIZES}\n{body}\n}}\n{layers}\n{HARDWARE}plan p for m on c {{\n{plan}\n}}\n"
    )


def compiled(text: str) -> Compilation:
    """The program, every fact checked after every pass."""
    sources = load_text(text, "defect.hx")
    return compile_sources(sources, make_choice(None, None, None, None), verify_each=True)


def is_proved(text: str) -> bool:
    """Whether a program computes what its model says."""
    found = compiled(text)
    proof = verify(found.logical, found.stages[1:])
    return proof.verdict == "equal" and proof.replicas_equal


@pytest.mark.parametrize("kind", ["max", "min"])
def test_a_partial_maximum_is_finished_before_it_is_held_as_a_partial_sum(kind: str) -> None:
    text = program(
        f"g = {kind}(x, over e)\noutput z = x + g",
        "mesh t = 4\nshard e over t\nin g { partial over t }",
    )
    assert is_proved(text)


def test_an_output_is_never_left_as_a_partial_sum() -> None:
    text = program(
        "weight a: [e, h]\noutput g = matmul(x, a, over e)",
        "mesh t = 4\nshard e over t\nin g { partial over t }",
    )
    with pytest.raises(HelixError, match="an output is complete"):
        compiled(text)


def test_a_carried_value_may_be_held_as_a_partial_sum_if_it_does_not_leave_so() -> None:
    mlp = (
        "layer f(x: [.., e]) -> [.., e] { weight a: [e, h]; weight d: [h, e]\n"
        "return matmul(gelu(matmul(x, a, over e)), d, over h) }"
    )
    lines = "mesh t = 4\nin f { shard h over t }\nin layer.x { partial over t }"
    assert is_proved(program("repeat 4 { x = x + f(x) }\noutput y = gelu(x)", lines, mlp))
    with pytest.raises(HelixError, match="an output is complete"):
        compiled(program("repeat 4 { x = x + f(x) }\noutput x", lines, mlp))


@pytest.mark.parametrize("trips", ["10 ** 9", "10 ** 15", "2 ** 20 + 1"])
def test_absurdly_many_turns_are_refused_with_the_limit(trips: str) -> None:
    text = program(f"repeat {trips} {{ x = x + 1 }}\noutput x", "mesh t = 4\nshard b over t")
    found = check_sources(load_text(text, "defect.hx"), make_choice(None, None, None, None))
    assert [d.code for d in found.diagnostics] == ["HX0220"]
    assert "2^20" in found.diagnostics[0].message


def test_a_million_turns_are_reported_without_being_counted_out() -> None:
    text = program("repeat 2 ** 20 { x = x + 1 }\noutput x", "mesh t = 4\nshard b over t")
    assert compiled(text).report.sequence.count("->") < 20


ATTEND = """
layer attend(q: [.., s, e], k: [.., key, e]) -> [.., s, e] {
  scores = matmul(q, k, over e)
  return matmul(softmax(scores, over key), k, over key)
}
"""


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_local_line_holds_in_every_call_of_its_layer(calls: int) -> None:
    body = "x = x + attend(x, rename(x, s -> key))\n" * calls + "output x"
    lines = "mesh t = 4\nshard e over t\nin attend { local scores over t }"
    found = compiled(program(body, lines, ATTEND))
    assert len(found.spmd.approximations) == calls
    assert len({a.value for a in found.spmd.approximations}) == calls
    proof = verify(found.logical, found.stages[1:])
    assert proof.verdict == "approximation"
    assert not [s for s in walk(found.spmd.body) if isinstance(s, Move)]


def test_a_local_line_holds_in_every_run_of_turns() -> None:
    body = "repeat 3 { x = x + attend(x, rename(x, s -> key)) }\noutput x"
    lines = "mesh t = 4\nshard e over t\nin attend { local scores over t }\nin layer[1].q { replicate e }"
    found = compiled(program(body, lines, ATTEND))
    assert len(found.spmd.approximations) == sum(isinstance(s, Loop) for s in walk(found.spmd.body))


def test_an_operator_that_makes_the_segments_anew_does_not_join_them() -> None:
    """The sum that is local has the segments of ``f``; a rename to ``f`` makes them a second time."""
    body = """dim a = 24, f = 24
    input y: [f, a]
    part = matmul(y, rename(y, a -> k), over f)
    again = rename(part, a -> f)
    output again"""
    with pytest.raises(HelixError) as refused:
        compiled(program(body, "mesh u = 2, t = 2\nshard f over u\nlocal part over u"))
    codes = [found.code for found in refused.value.diagnostics if found.severity == "error"]
    assert codes == ["HX0526"]


def test_segments_that_an_operator_does_not_take_are_told_and_no_bug() -> None:
    """A scan would start from a value that has the dimension of segments, along which it runs."""
    text = """
    model m {
      dim f = 8, a = 4
      input x: f32[a, f]
      weight w: f32[f]
      total = matmul(x, w, over f)
      states, last = scan(sigmoid(x), x, from = total, over f)
      output states
    }
    gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 100 TFLOP/s }
    link wire { bandwidth = 450 GB/s; latency = 3 us }
    cluster box { gpu chip; level gpu = 2 via wire }
    plan p for m on box { mesh t = 2; shard f over t; local total over t }
    """
    with pytest.raises(HelixError) as caught:
        compile_text(text)
    assert {d.code for d in caught.value.diagnostics} == {"HX0526"}


def test_segments_are_not_sent_to_experts_beside_the_choices_they_are_a_part_of() -> None:
    """What is sent would have segments of ``d``, the dimension of a token's choices, which is whole."""
    body = """dim tok = 24, d = 12, expert = 4
    input y: [tok, d]
    input choice: i32[tok, d]
    weight u: [d]
    part = matmul(y, u, over d)
    back = combine(dispatch(part, choice, over expert, slot), choice, over expert, slot)
    output back"""
    with pytest.raises(HelixError) as refused:
        compiled(program(body, "mesh t = 4\nshard d over t\nlocal part over t"))
    codes = [found.code for found in refused.value.diagnostics if found.severity == "error"]
    assert codes == ["HX0526"]
