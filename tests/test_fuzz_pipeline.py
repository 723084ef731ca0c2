"""Damaged programs go through the whole compiler: it refuses or compiles them, and never fails."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_pipeline import attempt, programs, wrong_with

CHUNK = 40


@pytest.mark.parametrize("start", range(0, 6 * CHUNK, CHUNK))
def test_damaged_programs_are_refused_or_compiled(start: int) -> None:
    texts = programs()
    outcomes = [attempt(seed, texts, prove=False) for seed in range(start, start + CHUNK)]
    assert [(text, wrong) for text, _, wrong in outcomes if wrong] == []
    assert {"refused", "compiled"} <= {outcome for _, outcome, _ in outcomes}


@pytest.mark.parametrize(
    "text",
    ["", "\n", "# nothing", "\ufeff", "\x00", "\r", "}", "model m { }", "plan p for m { }",
     "model m { output x }", "\u202e", "model m {" * 200, "(" * 5000, "a" * 100_000],
)  # fmt: skip
def test_texts_that_are_hardly_programs_are_refused_or_empty(text: str) -> None:
    outcome, wrong = wrong_with(text)
    assert outcome in ("unreadable", "refused", "empty")
    assert wrong == ""
