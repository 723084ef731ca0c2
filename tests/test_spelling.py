"""Names that somebody may have meant, and words of other languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc import foreign
from helixc.elaborate.operators import OPERATORS, RESHAPINGS
from helixc.ir.tensor import DTYPE_BITS
from helixc.library import had_from, library_names
from helixc.spelling import MOST_SUGGESTED, close_names, did_you_mean
from helixc.text.parser import parse_text
from helixc.text.words import STATEMENTS

GPUS = ("a100_40g", "h100_sxm", "h100_pcie", "h200")


@pytest.mark.parametrize(
    ("name", "legal", "close"),
    [
        ("h100", GPUS, ("h100_sxm", "h100_pcie")),
        ("allreduce", ("all_reduce", "all_gather"), ("all_reduce",)),
        ("pt", ("dp", "tp"), ("tp",)),
        ("GB", ("gb", "B"), ("gb",)),
        ("TFLOPS", ("TFLOP", "TFLOP/s"), ("TFLOP/s",)),
        ("hiden", ("hidden", "head"), ("hidden",)),
        ("q", ("wq", "k"), ()),
        ("zzz", GPUS, ()),
    ],
)
def test_what_is_meant_is_found(name: str, legal: tuple[str, ...], close: tuple[str, ...]) -> None:
    assert close_names(name, legal) == close


def test_several_names_are_told_as_a_choice() -> None:
    assert did_you_mean("h100", GPUS) == "; did you mean `h100_sxm` or `h100_pcie`?"
    assert did_you_mean("zzz", GPUS) == ""


@given(st.text(max_size=50), st.lists(st.text(max_size=50), max_size=20))
def test_what_is_suggested_is_legal_and_little(name: str, legal: list[str]) -> None:
    close = close_names(name, legal)

    assert set(close) <= set(legal) - {name}
    assert len(close) <= MOST_SUGGESTED


def test_a_name_of_a_million_letters_is_compared_at_once() -> None:
    assert close_names("x" * 1_000_000, GPUS) == ()


CODE = re.compile(r"`([^`]+)`")
SAID = sorted(
    {*foreign.STATEMENTS.values(), *foreign.OPERATORS.values(), *foreign.OPTIONS.values()}
)


@pytest.mark.parametrize("advice", SAID)
def test_what_is_written_instead_is_of_the_language(advice: str) -> None:
    for code in (quoted.replace("...", "") for quoted in CODE.findall(advice)):
        texts = (code, f"model m {{ {code} }}", f"model m {{ x = {code} }}")
        assert any(parse_text(text, "advice.hx")[1] == () for text in texts), code


def test_no_word_that_means_something_here_is_called_foreign() -> None:
    statements = {word for known in STATEMENTS.values() for word in known}

    assert set(foreign.STATEMENTS) & statements == set()
    assert set(foreign.OPERATORS) & {*OPERATORS, *RESHAPINGS} == set()
    assert set(foreign.DTYPES) & set(DTYPE_BITS) == set()
    assert set(foreign.DTYPES.values()) <= set(DTYPE_BITS)


def test_what_the_library_has_is_known_by_kind_and_name() -> None:
    assert had_from("gpu", "h200") == "; `import std.hardware` has it"
    assert had_from("layer", "swiglu") == "; `import std.layers` has it"
    assert had_from("gpu", "swiglu") == had_from("layer", "nothing") == ""
    assert len(library_names()) > 20
