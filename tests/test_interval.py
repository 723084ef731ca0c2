"""Prices with an interval: what adds up, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import CompilerBug
from helixc.price.interval import BOUNDS, Price, exactly, within

PRICES = st.builds(
    within, st.integers(0, 10**15), st.floats(0, 3, allow_nan=False), st.sampled_from(BOUNDS)
)


@given(first=PRICES, second=PRICES)
def test_low_and_high_add_up_and_the_longer_names_the_bound(first: Price, second: Price) -> None:
    both = first.plus(second)
    assert both.picoseconds == first.picoseconds + second.picoseconds
    assert (both.low, both.high) == (first.low + second.low, first.high + second.high)
    longer = max(first, second, key=lambda price: price.picoseconds)
    assert both.bound == longer.bound


@given(price=PRICES, count=st.integers(1, 20))
def test_many_are_one_added_so_often(price: Price, count: int) -> None:
    total = price
    for _ in range(count - 1):
        total = total.plus(price)
    assert price.times(count) == total


@given(picoseconds=st.integers(0, 10**15), error=st.floats(0, 3, allow_nan=False))
def test_an_error_widens_both_ways(picoseconds: int, error: float) -> None:
    price = within(picoseconds, error, "flops")
    assert price.low <= picoseconds <= price.high
    assert within(picoseconds, 0.0, "flops", "measured") == exactly(picoseconds, "flops")


@pytest.mark.parametrize(
    "wrong", [(5, 6, 7, "flops"), (5, 4, 4, "flops"), (1, -1, 2, "flops"), (1, 1, 1, "luck")]
)
def test_what_is_no_price_is_refused(wrong: tuple[int, int, int, str]) -> None:
    with pytest.raises(CompilerBug):
        Price(*wrong)


@given(PRICES, st.integers(0, 10**15))
def test_another_time_keeps_bound_and_relative_error(price: Price, picoseconds: int) -> None:
    other = price.at(picoseconds)

    assert (other.picoseconds, other.bound) == (picoseconds, price.bound)
    assert price.at(price.picoseconds) == price
    assert other.low * price.picoseconds <= price.low * picoseconds
    if price.picoseconds:
        assert other.high * price.picoseconds >= price.high * picoseconds
