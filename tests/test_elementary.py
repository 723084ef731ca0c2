"""The functions of the price formulas mean the same for a number and for a column of numbers."""

from __future__ import annotations

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helixc.price.elementary import SCALAR, Elementary, columns

COLUMNS = columns(np)
NUMBERS = st.floats(0, 1e15)
EXPONENTS = st.floats(1, 8)


def all_functions(f: Elementary, one: object, other: object, condition: object) -> list[object]:
    """Every function applied once."""
    single = [f.ceil(one), f.floor(one), f.sqrt(one)]
    return [*single, f.maximum(one, other), f.minimum(one, other), f.where(condition, one, other)]


@given(NUMBERS, NUMBERS)
def test_a_column_of_one_is_the_number(one: float, other: float) -> None:
    pair = np.array([one]), np.array([other])
    column = all_functions(COLUMNS, *pair, pair[0] > pair[1])

    assert column == all_functions(SCALAR, one, other, one > other)
    assert len(column) == len(attrs.fields(Elementary))


@given(NUMBERS, NUMBERS, EXPONENTS)
def test_a_soft_maximum_lies_between_the_maximum_and_the_sum(
    one: float, other: float, exponent: float
) -> None:
    soft = SCALAR.soft_maximum(one, other, exponent)

    assert max(one, other) <= soft <= (one + other) * (1 + 1e-12)
