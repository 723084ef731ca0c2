"""Checking finds what compiling finds, though it does not partition."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import draw_program

from helixc.compiler import check_sources, compile_plans
from helixc.diagnostics import Diagnostic, HelixError
from helixc.elaborate.choice import Choice
from helixc.ir.source import Sources
from helixc.text.loader import load_path, load_text

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "tests" / "errors").glob("*.hx"), *(ROOT / "examples").glob("*.hx")])


def without_praise(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Findings without the note on how good a choice is, for which it has to be made."""
    return tuple(finding for finding in found if finding.code != "HX0602")


def agree(sources: Sources) -> bool:
    checked = check_sources(sources, Choice())
    thorough, compiled = compile_plans(sources, Choice())
    assert without_praise(checked.diagnostics) == without_praise(thorough.diagnostics)
    plans = dict.fromkeys(c.spmd.plan.name for c in compiled)  # a plan in several phases once
    assert checked.plans == thorough.plans == tuple(plans)
    return checked.ok


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_checking_a_file_finds_what_compiling_its_plans_finds(path: Path) -> None:
    try:
        sources = load_path(path)
    except HelixError:
        return
    assert agree(sources) or path.parent.name == "errors"


@settings(max_examples=40)
@given(st.data())
def test_checking_a_drawn_program_finds_what_compiling_it_finds(data: st.DataObject) -> None:
    agree(load_text(draw_program(lambda options: data.draw(st.sampled_from(options))), "drawn.hx"))
