"""Powers, roots and functions of compile-time numbers: exact where the result is, never long."""

from __future__ import annotations

import math
from fractions import Fraction

from helixc.elaborate.units import LARGEST_WHOLE, Value, shorten

FUNCTIONS = ("ceil", "floor", "min", "max", "sqrt", "rsqrt", "exp", "log", "abs")


def power(base: Value, exponent: Value) -> Value:
    """``base ** exponent``; exact for whole exponents.  ValueError or OverflowError if absurd."""
    if isinstance(base, float) or not isinstance(exponent, int):
        return math.pow(float(base), float(exponent))
    if base in (0, 1, -1):
        return base if exponent % 2 or (base == 0 and exponent) else 1
    ratio = Fraction(base)
    length = max(ratio.numerator.bit_length(), ratio.denominator.bit_length()) - 1
    if length * abs(exponent) <= LARGEST_WHOLE.bit_length():
        return shorten(ratio**exponent)
    if isinstance(base, int) and exponent > 0:
        raise OverflowError
    return math.pow(float(base), float(exponent))


def function(name: str, number: Value) -> Value:
    """One of ``FUNCTIONS`` of one number.  ValueError, OverflowError or ZeroDivisionError if undefined."""
    match name:
        case "ceil":
            return math.ceil(number)
        case "floor":
            return math.floor(number)
        case "abs":
            return abs(number)
        case "exp":
            return math.exp(number)
        case "log":
            return math.log(number)
        case _:
            root = _root(number)
            return root if name == "sqrt" else 1.0 / root


def _root(number: Value) -> Value:
    if isinstance(number, int) and number >= 0 and math.isqrt(number) ** 2 == number:
        return math.isqrt(number)
    return math.sqrt(number)
