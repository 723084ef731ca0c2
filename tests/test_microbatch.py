"""Micro-batches: a step in slices computes what the whole step does, and its figures are those of all slices."""

from __future__ import annotations

import re

import attrs
import pytest
from test_programs import judged, text_of

from helixc.analysis.critical_path import find_critical_path
from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.emit.drawings import draw
from helixc.emit.report_markdown import report_markdown
from helixc.interp.verify import verify
from helixc.ir.plan import Slices
from helixc.ir.slices import all_slices, one_slice, slice_obstacles
from helixc.passes.microbatch import legal_counts, microbatch

ATTENTION = """
  model m {
    dim batch = 24, seq = 12, embed = 48, head = 4, head_dim = 12
    input x: f32[batch, seq, embed]
    repeat 2 { x = x + mha(layer_norm(x, over embed)) }
    output x
  }
  layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
    weight wq, wk, wv: [embed, head, head_dim]
    weight wo: [head, head_dim, embed]
    y = rename(x, seq -> key)
    q = matmul(x, wq, over embed)
    k = matmul(y, wk, over embed)
    v = matmul(y, wv, over embed)
    scores = where(index(key) <= index(seq), matmul(q, k, over head_dim) / 3, -1e30)
    attended = matmul(softmax(scores, over key), v, over key)
    return matmul(attended, wo, over head, head_dim)
  }
"""
PLAN = "mesh t = 4\n in mha { shard head over t }"


def compiled(plan: str, body: str = ATTENTION) -> Compilation:
    return compile_text(text_of(body, plan))


def sliced(count: int, plan: str = PLAN, body: str = ATTENTION) -> Compilation:
    return compiled(f"{plan}\n microbatches {count} over batch", body)


@pytest.mark.parametrize(
    "plan",
    [
        PLAN,
        "mesh t = 4\n shard batch over t",
        "mesh t = 2, u = 2\n shard seq over t\n in mha { shard head over u, t }",
        "mesh t = 2, u = 2\n shard batch over u\n shard head_dim over t\n local scores over t",
        "mesh t = 4\n in mha { shard head over t }\n fuse mha.scores, mha.attended",
    ],
)
def test_slices_together_equal_the_model_on_the_whole_batch(plan: str) -> None:
    program = sliced(3, plan)

    report = judged(program)

    expected = "approximation" if program.spmd.approximations else "equal"
    assert (report.verdict, report.reason, report.slices) == (expected, "", 2)


def test_at_the_sizes_written_every_slice_runs() -> None:
    program = sliced(3)

    report = verify(program.logical, program.stages[1:], full=True)

    assert (report.verdict, report.slices) == ("equal", 3)
    assert dict(report.instance)["batch"] == 24


def test_the_proof_finds_a_dimension_that_may_not_be_sliced() -> None:
    """The pass refuses it; what would run if it did not is not the model."""
    body = """
      model m {
        dim batch = 8, embed = 12
        input x: f32[batch, embed]
        output y = x - mean(x, over batch)
      }"""
    model = compiled("mesh t = 4\n shard embed over t", body).logical
    assert slice_obstacles(model, "batch")

    report = verify(model, [("microbatch", one_slice(model, Slices("batch", ("batch",), 2)))])

    assert report.verdict == "differs"
    assert report.passes[0].name == "microbatch"


def test_a_slice_too_small_to_split_is_said_to_be_one() -> None:
    with pytest.raises(HelixError) as refused:
        sliced(12, "mesh t = 4\n shard batch over t")

    (found,) = refused.value.diagnostics
    assert found.code == "HX0524"
    assert [note.message for note in found.notes] == [
        "the step runs in 12 slices of `batch`: this is the size of one"
    ]


def test_what_has_no_batch_is_the_same_in_every_slice() -> None:
    body = """
      model m {
        dim batch = 12, embed = 24
        input x: f32[batch, embed]
        input bias: f32[embed]
        spread = exp(bias) - mean(bias, over embed)
        output y = x * spread
      }"""

    assert judged(sliced(4, "mesh t = 4\n shard embed over t", body)).verdict == "equal"


def test_a_product_and_what_renames_make_of_it_are_sliced_alike() -> None:
    body = """
      model m {
        dim row = 6, batch = 24, embed = 24, narrow = 12
        input x: f32[batch, embed]
        weight w: f32[embed, narrow]
        turned = rename(x, batch -> row * column)
        centred = turned - mean(turned, over column)
        again = rename(centred, row -> place)
        output y = matmul(again, w, over embed)
      }"""
    program = sliced(3, "mesh t = 4\n shard embed over t", body)

    assert program.spmd.slices == Slices("batch", ("row", "place"), 3)
    assert program.spmd.sizes["row"] == program.spmd.sizes["place"] == 2
    assert judged(program).verdict == "equal"


def test_figures_are_those_of_all_slices_and_memory_that_of_one() -> None:
    whole, parts = compiled(PLAN).report, sliced(4).report

    assert parts.macs_per_gpu == whole.macs_per_gpu
    assert parts.bytes_per_gpu == whole.bytes_per_gpu
    assert parts.dims == whole.dims
    assert parts.memory.weights_bytes == whole.memory.weights_bytes
    assert whole.memory.peak_bytes == 4 * parts.memory.peak_bytes
    assert [m.per_gpu for m in parts.matmuls] == [4 * m.per_gpu for m in whole.matmuls]
    assert [c.times for c in parts.collectives] == [4 * c.times for c in whole.collectives]


def test_slices_run_one_after_the_other() -> None:
    parts = sliced(4).spmd
    path = find_critical_path(parts)
    slice_path = find_critical_path(attrs.evolve(parts, slices=None))

    assert path.picoseconds == 4 * slice_path.picoseconds
    assert path.busy_picoseconds == 4 * slice_path.busy_picoseconds
    assert path.exposed_picoseconds == 4 * slice_path.exposed_picoseconds
    assert (path.low, path.high) == (4 * slice_path.low, 4 * slice_path.high)
    assert path.expression == f"4 x ({slice_path.expression})"


def test_the_report_and_every_drawing_say_so() -> None:
    program = sliced(4)
    said = "4 slices of batch 24 (6 each)"

    assert program.report.to_dict()["microbatches"] == {
        "name": "batch",
        "count": 4,
        "dims": [{"name": "batch", "slice": 6}],
    }
    assert said in report_markdown(program.report)
    assert all(said in re.sub(r"\\l", " ", d.dot) for d in draw(program.spmd)[0])


def test_the_pass_does_nothing_twice_and_can_be_undone() -> None:
    stages = dict(sliced(4).stages)
    once = stages["microbatch"]

    assert microbatch(once) == once
    assert all_slices(once) == stages["elaborate"]


@pytest.mark.parametrize("size", [1, 2, 7, 12, 64, 1000, 10**30])
def test_legal_numbers_divide_and_come_in_order(size: int) -> None:
    counts = legal_counts(size)

    assert counts == tuple(sorted(set(counts)))
    assert (counts[0], counts[-1]) == (1, size)
    assert all(size % count == 0 for count in counts)
