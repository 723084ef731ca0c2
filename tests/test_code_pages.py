"""Every code has a page: cause, cure, and a program that shows it or a word about what does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_errors import ELSEWHERE, EXPECTED

from helixc.cli.main import run
from helixc.codes import CODES, family
from helixc.text.code_pages import code_page, page_folder


def test_every_code_has_a_page_and_every_page_is_that_of_a_code() -> None:
    """A new code needs ``helixc/pages/CODE.hx``: ``# Cause:``, ``# Mend:``, and a program or ``# Seen:``."""
    assert sorted(path.stem for path in page_folder().glob("*.hx")) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_it_should(code: str) -> None:
    page = code_page(code)
    for text in (page.cause, page.mend):
        assert text[0].isupper() or text[0] == "`"
        assert text.endswith(".")
        assert 15 <= len(text) <= 240
    assert bool(page.program) != bool(page.seen)
    assert bool(page.program) == (code not in ELSEWHERE)
    if page.program:
        assert code in {found for _, found in EXPECTED.findall(page.program)}


@pytest.mark.parametrize("code", ["HX0304", "HX0522", "HX0524", "HX0207", "HX0009"])
def test_a_code_is_explained_with_what_helixc_says_of_its_example(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", code]) == 0
    shown = capsys.readouterr().out
    page = code_page(code)
    assert shown.startswith(f"{code} ({family(code)}): {CODES[code]}\n\n{page.cause}\n")
    assert f"To mend it: {page.mend}" in shown
    assert f"[{code}]: " in shown
    assert "^" in shown
    assert run(["explain", code, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["code"], found["title"]) == (code, CODES[code])
    assert code in {diagnostic["code"] for diagnostic in found["diagnostics"]}


def test_a_code_that_no_small_program_shows_says_where_it_is_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["explain", "HX0912"]) == 0
    assert "Seen, for example, in: a drawing with an edge taken out" in capsys.readouterr().out


def test_the_pages_lie_in_the_package() -> None:
    assert page_folder() == Path(__file__).parent.parent / "helixc" / "pages"
