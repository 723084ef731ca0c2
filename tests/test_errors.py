"""Every bad input under ``errors/`` is refused with the expected code on the guilty line.

``# error: HX0304`` at the end of a line expects an error of that code whose span begins on that line;
``# warning: HX0505`` likewise.  The *set* of (line, code) must be right for errors, and for warnings
where the file expects any.  A first line ``# options: plan=NAME set=dim=value`` chooses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

import helixc
from helixc.codes import CODES
from helixc.compiler import Checked, check

FOLDER = Path(__file__).parent / "errors"
EXPECTED = re.compile(r"#.*?\b(error|warning|note): (HX\d{4})")
PAGES = sorted((Path(helixc.__file__).parent / "pages").glob("*.hx"))
# The pages of the codes are programs too, those of them that show one.
FILES = [
    *sorted(FOLDER.glob("*.hx")),
    *(path for path in PAGES if EXPECTED.search(path.read_text(encoding="utf-8"))),
]
OPTION = re.compile(r"(plan|cluster|model|phase|set)=(\S+)")

# Codes that no small text file can provoke by itself, and why.
REASONS: Mapping[str, str] = {
    "HX0002": "needs a file above 4 MiB",
    "HX0003": "needs bytes that are no text",
    "HX0005": "needs 100 000 statements",
    "HX0007": "needs 65 files",
    "HX0012": "needs a drawing, and a minute",
    "HX0013": "belongs to writing files",
    "HX0014": "belongs to writing files",
    "HX0008": "needs a link that leads out of the folder",
    "HX0015": "needs a very long line",
    "HX001[67]": "belongs to the machine that is calibrated",
    "HX015.": "a dump that cannot be read",
    "HX042[12]": "belongs to times that are given apart from the source",
    "HX03[5-9].": "a broken fact: only a dump can break one",
    "HX0602": "a note, where the search for the best choice was cut short",
    "HX06[5-9].": "a broken fact: only a dump can break one",
    "HX07..": "found by the analysis of a program that compiles",
    "HX08..": "found by executing the program",
    "HX09..": "found in drawings",
    "HX10..": "found in configurations and checkpoints, see test_import_errors.py",
    "HX11..": "found by running a program",
}
ELSEWHERE = {code for code in CODES for pattern in REASONS if re.fullmatch(pattern, code)}


def chosen(text: str) -> dict[str, str]:
    """The options on a file's first line; ``set`` as ``dim=value``."""
    first = text.split("\n", 1)[0]
    return dict(OPTION.findall(first)) if first.startswith("# options:") else {}


@cache
def checked(path: Path) -> Checked:
    options = chosen(path.read_text(encoding="utf-8"))
    dim, _, value = options.pop("set", "").partition("=")
    return check(path, settings={dim: int(value)} if dim else {}, **options)


def expectations(path: Path) -> set[tuple[str, int, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        (severity, number, code)
        for number, line in enumerate(lines, start=1)
        for severity, code in EXPECTED.findall(line)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_expected_findings_stand_on_the_guilty_lines(path: Path) -> None:
    expected = expectations(path)
    assert expected, "no expectation in this file"
    severities = {severity for severity, _, _ in expected} | {"error"}
    found = checked(path).diagnostics
    assert {
        (d.severity, d.span.line, d.code) for d in found if d.severity in severities
    } == expected, "\n".join(f"{d.span.line}: {d.severity} {d.code} {d.message}" for d in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_finding_has_a_known_code_a_place_and_a_message_of_one_paragraph(path: Path) -> None:
    for diagnostic in checked(path).diagnostics:
        assert diagnostic.code in CODES
        assert diagnostic.span.line > 0
        assert diagnostic.span.file
        assert diagnostic.message
        assert "\n" not in diagnostic.message


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_after_a_code_that_it_expects(path: Path) -> None:
    assert path.stem[:6] in {code for _, _, code in expectations(path)}


def test_every_code_has_a_file_or_a_reason_why_not() -> None:
    covered = {code for path in FILES for _, _, code in expectations(path)}
    assert sorted(set(CODES) - covered - ELSEWHERE) == []
    assert sorted(covered & ELSEWHERE) == []


def test_there_are_at_least_forty_bad_inputs() -> None:
    assert len(FILES) >= 40
