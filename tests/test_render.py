"""Findings as people and programs see them."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Diagnostic, Note, Severity, Span
from helixc.limits import MAX_SHOWN_DIAGNOSTICS
from helixc.printable import escape
from helixc.render import SCHEMA, render_text, to_json

SOURCE = "dim a = 3\n\tshard a over m\nwide 漢字 = é\n"


def _at(line: int, first: int, last: int, file: str = "f.hx") -> Span:
    return Span(file, line, first, line, last)


def _text(*found: Diagnostic, source: str = SOURCE) -> str:
    return render_text(found, {"f.hx": source})


def _carets(text: str) -> tuple[str, str]:
    """The source line and the carets below it, both without the margin."""
    line, marks = text.splitlines()[1:3]
    margin = line.index("| ") + 2
    return line[margin:], marks[margin:]


def test_the_header_points_at_the_primary_span_and_the_legal_choices_follow() -> None:
    found = Diagnostic(
        "HX0500",
        "3 does not divide over 4",
        _at(2, 8, 9),
        notes=(Note("`m` is 4", _at(1, 5, 6)), Note("nothing else")),
        legal=("1", "3"),
    )
    assert _text(found) == (
        "f.hx:2:8: error[HX0500]: 3 does not divide over 4\n"
        "  2 |     shard a over m\n"
        "    |           ^\n"
        "  note: `m` is 4 (f.hx:1:5)\n"
        "  1 | dim a = 3\n"
        "    |     ^\n"
        "  note: nothing else\n"
        "  legal: 1, 3\n"
        "1 error\n"
    )


def test_tabs_and_wide_characters_do_not_move_the_carets() -> None:
    assert _carets(_text(Diagnostic("HX0000", "x", _at(2, 2, 7)))) == (
        "    shard a over m",
        "    ^^^^^",
    )
    assert _carets(_text(Diagnostic("HX0000", "x", _at(3, 6, 8)))) == (
        "wide 漢字 = é",
        "     ^^^^",
    )


def test_a_span_of_several_lines_is_marked_to_the_end_of_its_first() -> None:
    span = Span("f.hx", 1, 5, 3, 2)
    assert _carets(_text(Diagnostic("HX0000", "x", span))) == ("dim a = 3", "    ^^^^^")


def test_a_finding_without_a_known_line_is_only_a_header() -> None:
    assert _text(Diagnostic("HX0000", "x", _at(99, 1, 2))) == (
        "f.hx:99:1: error[HX0000]: x\n1 error\n"
    )
    assert _text(Diagnostic("HX0000", "x")) == "error[HX0000]: x\n1 error\n"


def test_a_long_line_is_cut_around_the_carets() -> None:
    source = "a" * 500 + "BBB" + "c" * 500
    line, marks = _carets(_text(Diagnostic("HX0000", "x", _at(1, 501, 504)), source=source))
    start = marks.index("^")
    assert line[start : start + 3] == "BBB"
    assert marks.count("^") == 3
    assert line.startswith("...a")
    assert line.endswith("c...")
    assert len(line) < 120


def test_what_does_not_print_is_escaped_wherever_it_comes_from() -> None:
    found = Diagnostic("HX0000", "saw \x1b[31m", _at(1, 1, 2, "a\x07\u202e.hx"))
    text = render_text([found], {"a\x07\u202e.hx": "x\x1b]0;title\x07\n"})
    assert "a\\x07\\u202e.hx:1:1" in text
    assert "saw \\x1b[31m" in text
    assert "x\\x1b]0;title\\x07" in text


@given(st.text())
def test_escaped_text_prints_as_it_stands(text: str) -> None:
    unprintable = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not any(unicodedata.category(char) in unprintable for char in escape(text))


def test_at_most_twenty_findings_are_shown_and_errors_come_first() -> None:
    found: list[Diagnostic] = []
    for line in range(1, 31):
        severity: Severity = "error" if line % 2 else "warning"
        found.append(Diagnostic("HX0000", f"finding {line:02}", _at(line, 1, 2), severity))
    text = render_text(found, {})
    assert text.count(": error[") == 15
    assert text.count(": warning[") == MAX_SHOWN_DIAGNOSTICS - 15
    assert text.endswith(
        "... and 10 more; `--format json` has all of them\n15 errors, 15 warnings\n"
    )


def test_what_is_legal_is_told_apart_whatever_it_is() -> None:
    def told(*legal: str) -> str:
        shown = render_text([Diagnostic("HX0101", "wrong", legal=legal)], {})
        return shown.split("legal: ")[1].split("\n")[0]

    assert told(",", ";") == "`,`, `;`"
    assert told("a", "b") == "a, b"
    assert told("shard a, b over t", "pad a") == "shard a, b over t; pad a"
    assert told(*map(str, range(30))).endswith(", 23 and 6 more")


def test_nothing_found_is_nothing_said() -> None:
    assert render_text([], {}) == ""


@given(
    source=st.text(max_size=400),
    line=st.integers(1, 5),
    first=st.integers(1, 300),
    more=st.integers(0, 300),
)
def test_any_span_of_any_text_renders_with_at_least_one_caret(
    source: str, line: int, first: int, more: int
) -> None:
    text = _text(Diagnostic("HX0000", "x", _at(line, first, first + more)), source=source)
    assert ("^" in text.replace(source, "")) or len(text.splitlines()) == 2


def test_json_names_its_schema_and_keeps_every_finding() -> None:
    found = [
        Diagnostic("HX0000", "a", _at(1, 2, 3), notes=(Note("n"),), legal=("b",)),
        Diagnostic("HX0000", "c", severity="warning"),
    ]
    answer = json.loads(json.dumps(to_json(found)))
    assert (answer["schema"], answer["errors"], answer["warnings"]) == (SCHEMA, 1, 1)
    first, second = answer["diagnostics"]
    assert first["span"] == {
        "file": "f.hx", "line": 1, "column": 2, "end_line": 1, "end_column": 3,
    }  # fmt: skip
    assert first["notes"] == [{"message": "n", "span": None}]
    assert first["legal"] == ["b"]
    assert (second["severity"], second["span"]) == ("warning", None)
