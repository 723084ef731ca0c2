"""The number of micro-batches that a report announces fits, and the next smaller one does not."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_programs import text_of

import helixc
from helixc.analysis.fit import Fit, Sliced
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.report import Report
from helixc.emit.report_markdown import report_markdown
from helixc.fitting import find_fit, smallest

REFERENCE = (Path(__file__).parent.parent / "examples" / "helix_16.hx").read_text(encoding="utf-8")
MODEL = """
  model m {
    dim batch = 48, embed = 64, hidden = 4096
    input x: f32[batch, embed]
    output y = mlp(x)
  }
  layer mlp(x: [.., embed]) -> [.., embed] {
    weight w1: [embed, hidden]
    weight w2: [hidden, embed]
    return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
  }
"""
# bf16 weights of one GPU of four that split `hidden`, and f32 values of one element of the batch.
WEIGHTS = 2 * 64 * 1024 * 2


def report(plan: str, memory: str, body: str = MODEL) -> Report:
    text = text_of(body, plan).replace("1000 PB", memory)
    return helixc.compile_text(text).report


def fit(plan: str, memory: str, body: str = MODEL) -> Fit:
    found = report(plan, memory, body).fit
    assert found is not None
    return found


def with_line(text: str, plan: str, count: int) -> str:
    """The text with that many micro-batches in a plan."""
    line = f"  microbatches {count} over batch\n" if count > 1 else ""
    return re.sub(rf"(plan {plan} [^{{]*{{\s*mesh[^\n]*\n)", rf"\g<1>{line}", text)


@pytest.mark.parametrize("plan", ["megatron", "two_level", "megatron_sp", "published"])
def test_the_reference_case_fits_with_the_number_announced_and_not_with_fewer(plan: str) -> None:
    compiled = helixc.compile_text(REFERENCE, plan=plan)
    found = find_fit(compiled.logical, compiled.spmd)
    assert found is not None
    assert found.fits
    assert found.best.count == 2 * found.below.count

    for sliced, fits in ((found.best, True), (found.below, False)):
        text = with_line(REFERENCE, plan, sliced.count)
        spmd = helixc.compile_text(text, plan=plan).spmd
        memory = find_memory(spmd, find_layers(spmd))
        assert (memory.fits, memory.needed_bytes) == (fits, sliced.needed_bytes)


def test_what_fits_needs_no_remedy() -> None:
    assert report("mesh t = 4\n in mlp { shard hidden over t }", "1 GB").fit is None


def test_the_warning_and_the_notes_give_the_line() -> None:
    found = report("mesh t = 4\n in mlp { shard hidden over t }", "400 kB")

    (warning,) = [d for d in found.diagnostics if d.code == "HX0701"]
    assert found.fit is not None
    assert found.fit.fits
    assert warning.legal == (found.fit.line,)
    assert found.fit.text in found.notes[0]
    assert found.fit.text in report_markdown(found)
    assert found.to_dict()["memory"]["microbatches"]["count"] == found.fit.best.count


def test_a_plan_that_has_slices_already_is_told_how_many_more() -> None:
    plan = "mesh t = 4\n in mlp { shard hidden over t }"
    once = fit(plan, "400 kB")
    again = fit(f"{plan}\n microbatches 2 over batch", "400 kB")

    assert again.best == once.best
    assert again.below.count >= 2


def test_a_batch_that_is_split_over_gpus_leaves_fewer_slices() -> None:
    """48 over 4 GPUs is 12 each, so that 12 slices are the most; the whole weights take 1 MB."""
    found = fit("mesh t = 4\n shard batch over t", "1050 kB")

    assert (found.fits, found.best.count) == (False, 12)
    assert "With 12, the most that this plan can follow" in found.text


def test_the_smallest_number_of_all_is_set_against_the_step_in_one_piece() -> None:
    small = Sliced(count=1, weights_bytes=0, state_bytes=0, peak_bytes=3, largest=None)
    fit = Fit(
        dim="batch",
        capacity_bytes=2,
        best=attrs.evolve(small, count=2, peak_bytes=2),
        below=small,
    )

    assert fit.text.endswith("a GPU then needs 2 B of its 2 B. In one piece it needs 3 B.")


def test_weights_that_do_not_fit_alone_are_said_to() -> None:
    found = fit("mesh t = 4\n in mlp { shard hidden over t }", "250 kB")

    assert not found.fits
    assert found.best.count == 48
    assert found.best.weights_bytes == WEIGHTS > found.capacity_bytes
    assert "262.144 kB for weights" in found.text


def test_a_step_that_cannot_be_sliced_has_no_remedy() -> None:
    body = """
      model m {
        dim batch = 48, embed = 64
        input x: f32[batch, embed]
        output y = softmax(x, over batch, embed)
      }"""
    found = report("mesh t = 4\n shard batch over t", "1 kB", body)

    assert not found.memory.fits
    assert found.fit is None
    assert found.to_dict()["memory"]["microbatches"] is None


def sliced(count: int, needed: int) -> Sliced:
    return Sliced(count=count, weights_bytes=0, state_bytes=0, peak_bytes=needed, largest=None)


@given(
    needed=st.lists(st.integers(0, 20), max_size=12),
    legal=st.integers(0, 12),
    guess=st.integers(-2, 14),
    falls=st.booleans(),
)
def test_the_number_found_fits_after_one_that_does_not(
    needed: list[int], legal: int, guess: int, *, falls: bool
) -> None:
    """Where memory falls with every number it is the smallest; the plan can be followed up to some."""
    capacity, now = 10, sliced(1, 11)
    if falls:
        needed = sorted(needed, reverse=True)
    counts = [at + 2 for at in range(len(needed))]
    looked: list[int] = []

    def look(count: int) -> Sliced | None:
        looked.append(count)
        return sliced(count, needed[count - 2]) if count - 2 < legal else None

    best, below = smallest(counts, guess, now, capacity, look)

    fitting = [count for count in counts[:legal] if needed[count - 2] <= capacity]
    assert below.needed_bytes > capacity
    assert len(looked) == len(set(looked))
    if best is not None:
        assert best.needed_bytes <= capacity
        assert best.count == below.count + 1
    if falls:
        assert (best.count if best else None) == (fitting[0] if fitting else None)
        assert best or below.count == 1 + len(counts[:legal])
