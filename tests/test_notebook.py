"""Results show themselves: a notebook is executed, and cards are small and harmless whatever is in them."""

from __future__ import annotations

import json
import math
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import helixc
from docs.made_notebook import NOTEBOOK, executed, outputs
from helixc.card import MOST_CHARACTERS, MOST_PICTURE_BYTES, MOST_ROWS, Card, Listing, Picture

EXAMPLES = Path(__file__).parent.parent / "examples"
LLAMA = EXAMPLES / "llama_blocks.hx"
TAGS = {"div", "p", "b", "table", "tr", "td", "th", "pre", "img"}
MOST_NOTEBOOK_BYTES = 100_000


class Read(HTMLParser):
    """The tags, attributes and text of a fragment."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.said = ""
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.said += data


def test_the_notebook_runs_in_jupyter_and_shows_what_is_stored_in_it() -> None:
    """``python docs/made_notebook.py`` mends it."""
    stored = NOTEBOOK.read_bytes()
    notebook = json.loads(stored)
    assert outputs(executed()) == outputs(notebook)
    assert len(stored) <= MOST_NOTEBOOK_BYTES
    shown = [
        cell for cell in outputs(notebook) if any("text/html" in o.get("data", {}) for o in cell)
    ]
    assert len(shown) == 3


# --- cards

anything = st.text(max_size=40) | st.sampled_from(
    ["<script>alert(1)</script>", '"onload="x', "\u202eabc", "a\x1b[31m", "&amp;", "n" * 10_000]
)


@given(anything, anything)
def test_whatever_is_in_a_card_is_text(one: str, two: str) -> None:
    card = Card(
        title=one,
        facts=((one, two),),
        tables=(Listing(columns=(one, two), rows=[(two, one)], where=one),),
        findings=f"{one}\n{two}",
        picture=Picture(svg=f"<svg>{one}</svg>", shows=two),
    )
    read = Read(card.html)
    assert read.tags <= TAGS
    assert read.names <= {"style", "alt", "title", "src"}
    harmless = {unicodedata.category(char) for char in card.html.replace("\n", "")}
    assert harmless.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    if one.isalnum() and len(one) < MOST_CHARACTERS:
        assert one in read.said


def test_a_card_is_small_and_says_what_it_leaves_out() -> None:
    card = Card(
        title="t" * 10_000,
        tables=(Listing(columns=("a",), rows=[("r" * 10_000,)] * 10_000, where="somewhere"),),
        findings="f" * 10_000 + "\nf" * 10_000,
        picture=Picture(svg="s" * (MOST_PICTURE_BYTES + 1), shows="who"),
    )
    assert len(card.html) < 20_000
    assert f"... and {10_000 - MOST_ROWS} more: somewhere" in card.html
    assert "more lines" in card.html
    assert "who: too large to show here" in card.html


# --- results


def test_a_compilation_shows_its_report_its_findings_and_its_communication() -> None:
    result = helixc.compile(EXAMPLES / "helix_16.hx", plan="published")
    assert repr(result) == "<Compilation: helix, plan published on two_nodes (n 4 x m 4)>"
    read = Read(result._repr_html_())
    for said in ("time of a step", "does not fit", "warning[HX0527]", "all-reduce"):
        assert said in read.said
    assert "img" in read.tags
    assert "time of a step" in result.report._repr_html_()
    assert repr(result.report).startswith("<Report: helix, plan published")
    assert all((drawing._repr_svg_() or "").startswith("<?xml") for drawing in result.drawings[-1:])


def test_a_large_program_has_a_small_card() -> None:
    result = helixc.compile(LLAMA, plan="tp8_sp", settings={"depth": 2000})
    assert len(result._repr_html_()) < 1.5 * MOST_PICTURE_BYTES
    assert len(repr(result)) < MOST_CHARACTERS


def test_a_report_is_a_dictionary_of_plain_values() -> None:
    report = helixc.compile(LLAMA, plan="tp8").report.to_dict()
    assert json.loads(json.dumps(report)) == report
    rows = report["collectives"]
    assert {tuple(row) for row in rows} == {tuple(rows[0])}


def test_a_verdict_shows_itself() -> None:
    verdict = helixc.verify(helixc.compile(EXAMPLES / "helix_16.hx", plan="published"))
    assert repr(verdict) == "<VerifyReport: plan published: approximation>"
    read = Read(verdict._repr_html_())
    assert "local mha.scores" in read.said or "local scores" in read.said
    assert "as rewritten" in read.said


def test_many_plans_show_the_fastest_that_fit_and_are_columns_of_plain_values() -> None:
    found = helixc.evaluate(LLAMA, {"tp8": [(size,) for size in (1, 2, 3, 4, 8)]})
    columns = found.to_dict()
    assert json.loads(json.dumps(columns, default=list)) == json.loads(json.dumps(columns))
    assert {len(column) for column in columns.values()} == {5}
    assert all(type(value) is int for value in columns["picoseconds"])
    assert [type(value) for value in columns["fits"]] == [bool] * 5
    read = Read(found._repr_html_())
    fastest = min(
        t for t, fits in zip(columns["picoseconds"], columns["fits"], strict=True) if fits
    )
    assert f"{fastest / 10**12:.3f} s" in read.said
    assert repr(found) == f"<Evaluation: 5 plans: {int(np.sum(found.fits))} fit, 1 refused>"


def test_no_plans_at_all_show_themselves_too() -> None:
    found = helixc.evaluate(LLAMA, {})
    assert "0 plans" in found._repr_html_()
    assert not math.prod(len(column) for column in found.to_dict().values())


def test_what_check_finds_shows_itself(tmp_path: Path) -> None:
    path = tmp_path / "wrong.hx"
    path.write_text(LLAMA.read_text(encoding="utf-8").replace("shard hidden", "shard <i>"))
    checked = helixc.check(path)
    assert repr(checked).startswith("<Checked: ")
    read = Read(checked._repr_html_())
    assert read.tags == {"div", "p", "b", "pre"}
    assert "shard <i> over tp" in read.said


def test_an_error_ends_its_traceback_with_the_findings() -> None:
    with pytest.raises(helixc.HelixError) as caught:
        helixc.compile_text("model m {\n  dim a = b\n  input x: f32[a]\n  output x\n}\n")
    (note,) = caught.value.__notes__
    assert "error[HX" in note
    assert "  2 |   dim a = b\n" in note
