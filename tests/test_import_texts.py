"""What JSON, formulas, templates and patterns do, on which the import of models stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Findings
from helixc.importing.formulas import MissingValueError, formula, names_in
from helixc.importing.json_text import Json, read_json
from helixc.importing.patterns import find_repeats
from helixc.importing.template import fill, lay_out, number_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plain(value: Json) -> Any:
    if value.kind == "object":
        return {name: plain(inner) for name, inner in value.members.items()}
    if isinstance(value.value, tuple):
        return [plain(inner) for inner in value.value]
    return value.value


@given(VALUES, st.sampled_from([None, 2]))
def test_json_is_read_as_python_reads_it(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    findings = Findings()
    read = read_json(text, "c.json", findings)
    assert read is not None
    assert findings.all == ()
    assert repr(plain(read)) == repr(json.loads(text))


@given(st.text(alphabet='{}[]",:\\ntrue0.1e-\n ', max_size=30))
def test_whatever_python_does_not_read_is_one_finding_with_a_place(text: str) -> None:
    findings = Findings()
    read = read_json(text, "c.json", findings)
    try:
        json.loads(text)
    except ValueError:
        # Python refuses escapes that mean nothing; here they stand for themselves, as nobody reads them.
        assert read is not None or [d.code for d in findings.all] == ["HX1001"]
    else:
        assert read is not None
    for found in findings.all:
        lines = text.split("\n")
        assert 1 <= found.span.line <= len(lines)
        assert 1 <= found.span.column <= len(lines[found.span.line - 1]) + 1


def test_places_of_json_are_lines_and_columns() -> None:
    read = read_json('{\n  "a": [1,\n    {"b": 25}]\n}', "c.json", Findings())
    assert read is not None
    inner = read.members["a"].value
    assert isinstance(inner, tuple)
    span = inner[1].members["b"].span
    assert (span.line, span.column, span.end_line, span.end_column) == (3, 11, 3, 13)


@pytest.mark.parametrize("text", ["[" * 5000, '{"a":' * 5000, "[" * 101 + "]" * 101])
def test_deep_json_is_refused_before_anything_overflows(text: str) -> None:
    findings = Findings()
    assert read_json(text, "c.json", findings) is None
    assert [d.code for d in findings.all] == ["HX0004"]


def test_a_number_of_a_million_digits_is_too_large_and_takes_no_time() -> None:
    read = read_json("9" * 10**6, "c.json", Findings())
    assert read is not None
    assert read.value == float("inf")


def test_a_name_that_stands_twice_is_reported_with_both_places() -> None:
    findings = Findings()
    read_json('{"a": 1,\n "a": 2}', "c.json", findings)
    (found,) = findings.all
    assert (found.code, found.span.line, found.notes[0].span.line) == ("HX1002", 2, 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a / b", 4),
        ("b / a", 0.25),
        ("a if a > b else b", 8),
        ("not (a == 8 and b != 2)", True),
        ("a in layers or a % 2 == 1", False),
        ("max(a, b) - min(a, 3)", 5),
        ("layers[1]", 7),
        ("()", ()),
        ("-1", -1),
    ],
)
def test_formulas_mean_what_python_means(text: str, value: object) -> None:
    assert formula(text, {"a": 8, "b": 2, "layers": (1, 7)}) == value


def test_a_formula_about_something_missing_says_so() -> None:
    with pytest.raises(MissingValueError):
        formula("a + c", {"a": 1})
    assert names_in("max(b, a) + a") == ("b", "a")


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_repeats_are_the_layers_again(kinds: list[str]) -> None:
    repeats = find_repeats(kinds)
    assert [kind for turns, turn in repeats for _ in range(turns) for kind in turn] == kinds
    assert sum(len(turn) for _, turn in repeats) <= len(kinds)


@pytest.mark.parametrize(
    ("kinds", "repeats"),
    [
        ("a" * 80, [(80, "a")]),
        ("aaa" + "b" * 58, [(3, "a"), (58, "b")]),
        ("ab" * 12, [(12, "ab")]),
        ("c" + "aab" * 8 + "c", [(1, "c"), (8, "aab"), (1, "c")]),
        ("", []),
    ],
)
def test_repeats_are_few(kinds: str, repeats: list[tuple[int, str]]) -> None:
    assert [(turns, "".join(turn)) for turns, turn in find_repeats(kinds)] == repeats


def test_a_template_is_filled_and_comments_name_the_fields() -> None:
    template = "#? wide\ndim a = $a\n$b[[wide: ,  wide]]\nnever #: not wide\n\n\nx = 1  # fixed\n"
    lines = fill(template, {"wide": True, "a": 12_000, "b": 1e-6}, {"a": "size"})
    assert lay_out(lines) == "dim a = 12_000  # size\n1e-6,  wide\n\nx = 1  # fixed\n"
    assert list(fill(template, {"wide": False}, {})) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(9999, "9999"), (128_256, "128_256"), (5e5, "500_000"), (1e-5, "1e-5"), (1e300, "1e300")],
)
def test_numbers_are_written_as_the_language_writes_them(value: float, text: str) -> None:
    assert number_text(value) == text
