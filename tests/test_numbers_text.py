"""Quantities are written with decimal prefixes and enough digits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helixc.analysis.numbers_text import (
    byte_text,
    count_text,
    flop_text,
    multiply_add_text,
    quantity,
    seconds_text,
)

PREFIXES = {
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Z": 1e21,
    "Y": 1e24,
}
SMALL = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}


def test_the_figures_of_the_reference_case_read_as_in_its_tables() -> None:
    assert byte_text(314_572_800_000) == "314.573 GB"
    assert byte_text(31_457_280_000) == "31.457 GB"
    assert byte_text(768) == "768 B"
    assert byte_text(0) == "0 B"
    assert multiply_add_text(42_949_672_960_000) == "42.950 T"
    assert flop_text(343_597_383_680_000) == "343.597 TFLOP"
    assert seconds_text(2_500_000_000) == "2.500 ms"
    assert seconds_text(12 * 10**12) == "12 s"
    assert count_text(10_240_000) == "10 240 000"


def test_rounding_never_shows_a_thousand_of_a_smaller_unit() -> None:
    assert byte_text(999_999_999) == "1 GB"
    assert seconds_text(999_999_999_999) == "1 s"
    assert seconds_text(999_999_900) == "1 ms"


@given(value=st.floats(1e-12, 1e26))
def test_the_text_is_within_half_a_thousandth_of_its_own_unit(value: float) -> None:
    number, _, unit = quantity(value, "s").partition(" ")
    scale = {**PREFIXES, **SMALL}[unit.removesuffix("s")]
    assert abs(float(number) * scale - value) <= 0.00051 * scale
    assert float(number) < 1000 or unit == "Ys"


@given(value=st.floats(1e-9, 1e20))
def test_a_negative_quantity_is_its_opposite_with_a_minus(value: float) -> None:
    assert quantity(-value, "B") == f"-{quantity(value, 'B')}"
