"""How quantities are written for people: SI prefixes, decimal units, at least four digits."""

from __future__ import annotations

_THOUSAND = 1000
_LARGE = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")
_SMALL = ("", "m", "u", "n", "p")


def quantity(value: float, unit: str) -> str:
    """``314.573 GB`` for (314572800000, "B"): three decimals, dropped where they are all zero."""
    if value == 0:
        return f"0 {unit}"
    size, power = abs(value), 0
    while round(size, 3) >= _THOUSAND and power < len(_LARGE) - 1:
        size, power = size / _THOUSAND, power + 1
    if power == 0 and _below_one(size):
        return _small(value, unit)
    sign = "-" if value < 0 else ""
    return f"{sign}{_decimals(size)} {_LARGE[power]}{unit}"


def byte_text(count: int) -> str:
    """Bytes with a decimal prefix: ``31.457 GB``, ``768 B``."""
    return quantity(count, "B")


def flop_text(count: int) -> str:
    """Floating-point operations: ``85.899 TFLOP``."""
    return quantity(count, "FLOP")


def multiply_add_text(count: int) -> str:
    """Multiply-adds, one of which is two FLOP: ``42.950 T``."""
    return quantity(count, "").rstrip()


def seconds_text(picoseconds: int) -> str:
    """A time: ``144.757 ms``, ``12.5 s``."""
    return quantity(picoseconds / 10**12, "s")


def interval_text(picoseconds: int, low: int, high: int) -> str:
    """A time with its low and high: ``2 ms (1.800 ms to 2.400 ms)``; alone where no error is known."""
    if low == high:
        return seconds_text(picoseconds)
    return f"{seconds_text(picoseconds)} ({seconds_text(low)} to {seconds_text(high)})"


def count_text(count: int) -> str:
    """A whole number with its thousands apart: ``10 240 000``."""
    return f"{count:,}".replace(",", " ")


def _small(value: float, unit: str) -> str:
    size, power = abs(value), 0
    while _below_one(size) and power < len(_SMALL) - 1:
        size, power = size * _THOUSAND, power + 1
    sign = "-" if value < 0 else ""
    return f"{sign}{_decimals(size)} {_SMALL[power]}{unit}"


def _below_one(size: float) -> bool:
    """Whether the next smaller unit, with three decimals, shows less than a thousand."""
    return round(size, 6) < 1


def _decimals(size: float) -> str:
    text = f"{size:.3f}"
    return text.removesuffix(".000")
