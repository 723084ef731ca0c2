"""Padding: what is filled up, that nothing sees it, and what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from helixc.analysis.local_compute import local_compute
from helixc.analysis.parameters import count_parameters
from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.interp.verdict import VerifyReport
from helixc.interp.verify import verify
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.running.case import run_case, sized

MODEL = """
model m {
  dtype bf16
  dim batch = 8, seq = 510, embed = 768, head = 12, head_dim = 64, hidden = 3000
  input x: bf16[batch, seq, embed]
  repeat 3 {
    x = x + mha(layer_norm(x, over embed))
    x = x + mlp(rms_norm(x, over embed))
  }
  output y = softmax(x, over embed)
}
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  attended = matmul(softmax(scores, over key), v, over key)
  return matmul(attended, wo, over head, head_dim)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster sixteen { gpu chip; level gpu = 16 via wire }
"""


def compiled(plan: str, model: str = MODEL) -> Compilation:
    return compile_text(f"{model}plan p for m on sixteen {{\n{plan}\n}}\n", name="pad.hx")


def proved(compiled: Compilation, *, full: bool = False) -> VerifyReport:
    return verify(compiled.logical, compiled.stages[1:], full=full)


def padded(spmd: Spmd) -> dict[str, tuple[int, int]]:
    return {dim.name: (dim.real, dim.size) for dim in spmd.dims if dim.real is not None}


def kinds(spmd: Spmd) -> list[str]:
    return [s.op.kind for s in walk(spmd.body) if isinstance(s, Compute)]


def flops_of(spmd: Spmd, name: str) -> int:
    """What all GPUs together compute for the matrix product of a name, copies counted."""
    found = [s for s in walk(spmd.body) if isinstance(s, Compute) and s.op.kind == "matmul"]
    own = [s for s in found if any(place.name == name for place in s.op.names)]
    return sum(local_compute(s, spmd).work.matrix_flops for s in own) * spmd.mesh.devices


@pytest.mark.parametrize(
    ("plan", "filled", "masks"),
    [
        # Every other operand of a contraction over heads is a weight, which is zero there.
        ("mesh tp = 16\n in mha { shard head over tp; pad head }", {"head": (12, 16)}, 0),
        ("mesh tp = 16\n pad hidden; in mlp { shard hidden over tp }", {"hidden": (3000, 3008)}, 0),
        ("mesh t = 5, u = 3\n pad head_dim; in mha { shard head_dim over t }", {"head_dim": (64, 65)}, 0),
        # The softmax over keys; and with the keys the queries that are renamed to them.
        ("mesh tp = 16\n pad key; in mha { shard key over tp }", {"key": (510, 512), "seq": (510, 512)}, 1),
        # Norms and the last softmax along the embedding.
        ("mesh tp = 5\n pad embed; shard embed over tp", {"embed": (768, 770)}, 2),
        ("mesh tp = 5, dp = 3\n pad batch, seq; shard batch over dp; shard seq over tp",
         {"batch": (8, 9)}, 0),
        ("mesh tp = 16\n in mha { shard head, key over tp; pad key }",
         {"key": (510, 512), "seq": (510, 512)}, 1),
    ],
)  # fmt: skip
def test_what_is_filled_up_is_exact_and_masked_only_where_it_is_seen(
    plan: str, filled: dict[str, tuple[int, int]], masks: int
) -> None:
    found = compiled(plan)

    assert padded(found.spmd) == filled
    assert kinds(found.spmd).count("where") == masks
    assert proved(found).verdict == "equal"


def test_padding_is_paid_for_and_is_no_part_of_the_model() -> None:
    plan = "mesh tp = SIZE\n in mha { shard head over tp; pad head }"
    even, odd = compiled(plan.replace("SIZE", "4")), compiled(plan.replace("SIZE", "16"))

    assert count_parameters(odd.spmd) == count_parameters(even.spmd)
    scores = [flops_of(one.spmd, "scores") for one in (even, odd)]
    assert scores[1] * 12 == scores[0] * 16
    (warning,) = [note for note in odd.partitioned.notes if note.code == "HX0537"]
    assert warning.message == "`head` 12 padded to 16: 33.3 % more work where it is"


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("mesh tp = 8\n in mha { shard key over tp; pad key; local scores over tp }", ""),
        ("mesh tp = 16\n shard seq, key over tp via ring; pad seq", "goes round a ring"),
    ],
)
def test_what_would_see_the_padding_is_refused(plan: str, reason: str) -> None:
    with pytest.raises(HelixError) as refused:
        compiled(plan)

    assert any(reason in d.message for d in refused.value.diagnostics if d.severity == "error")


def test_full_sizes_are_exact_too() -> None:
    small = MODEL.replace("batch = 8, seq = 510, embed = 768", "batch = 2, seq = 6, embed = 24")
    small = small.replace("head_dim = 64, hidden = 3000", "head_dim = 3, hidden = 18")
    found = compiled("mesh tp = 16\n in mha { shard head over tp; pad head }", small)

    assert proved(found, full=True).verdict == "equal"


def test_processes_are_given_zeros_beyond_the_end() -> None:
    case = run_case(
        sized(compiled("mesh tp = 16\n in mha { shard head over tp; pad head }"), small=True)
    )

    dims = {dim.name: dim for dim in case.program.dims}
    weight = next(array for name, array in case.weights.items() if "wq" in name)
    real = dims["head"].real
    assert real is not None
    assert weight.shape[-2] == dims["head"].size > real
    assert np.count_nonzero(weight[..., real:, :]) == 0 < np.count_nonzero(weight[..., :real, :])


def test_places_of_a_product_are_not_counted_across_padding() -> None:
    model = """
model m {
  dim batch = 8, wide = 12, few = 3
  input x: f32[batch, wide]
  z = rename(x, wide -> outer * few)
  output y = take(x, wide = 5)
  output n = sum(z, over outer, few)
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 40 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster sixteen { gpu chip; level gpu = 16 via wire }
"""
    with pytest.raises(HelixError, match="counts positions across it"):
        compiled("mesh tp = 2\n pad few; shard few over tp", model)


OUTSIDE = """
model m {
  dim few = 36, many = 26, a = 4
  input x: f32[many, a]
  output y = take(log_softmax(x, over many), many = index(few))
}
cluster box { gpu chip; level gpu = 4 via wire }
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 100 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
plan p for m on box { mesh t = 4; pad many; shard many over t }
"""


def test_an_index_behind_the_end_picks_zero_and_not_the_padding() -> None:
    compiled = compile_text(OUTSIDE)

    assert verify(compiled.logical, compiled.stages[1:], full=True).verdict == "equal"


def test_padding_does_not_wait_in_line_at_an_expert() -> None:
    text = """
    model m {
      dim token = 6, expert = 4, slot = 2, pick = 2, a = 4
      input x: f32[token, a]
      input choice: i32[token, pick]
      output y = combine(dispatch(x, choice, token -> slot, over expert), choice, slot -> token, over expert)
    }
    cluster box { gpu chip; level gpu = 4 via wire }
    gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 100 TFLOP/s }
    link wire { bandwidth = 450 GB/s; latency = 3 us }
    plan p for m on box { mesh t = 4; pad token; shard token over t }
    """
    with pytest.raises(HelixError, match="padding would wait in line") as caught:
        compile_text(text)
    assert next(d.code for d in caught.value.diagnostics if d.severity == "error") == "HX0539"


def test_padding_chooses_no_expert() -> None:
    """Choices of a token are whole, and padding among them would be zero: the first expert."""
    text = """
    model m {
      dim token = 8, expert = 4, pick = 3, a = 4
      input x: f32[token, a]
      input choice, score: i32[token, pick]
      output y = combine(dispatch(x, choice, over expert, slot), choice, over expert, slot), score
    }
    cluster box { gpu chip; level gpu = 4 via wire }
    gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 100 TFLOP/s }
    link wire { bandwidth = 450 GB/s; latency = 3 us }
    plan p for m on box { mesh t = 4; pad pick; in score { shard pick over t } }
    """
    with pytest.raises(HelixError, match="padding would choose too") as caught:
        compile_text(text)
    assert next(d.code for d in caught.value.diagnostics if d.severity == "error") == "HX0539"
