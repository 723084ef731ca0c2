"""Numbers with units: what ``80 GB`` and ``400 Gbit/s`` are, exactly.

A quantity is a number times a product of base units.  Whole numbers and ratios stay exact (``int``
and ``Fraction``) as long as they are of sensible length; ``float`` appears only where the source or a
function such as ``exp`` makes one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import attrs

# A number beyond this is a slip of the pen: sizes end at 2^53, and no machine does 2^80 FLOP/s.
LARGEST_WHOLE = 2**80

Value = int | Fraction | float


@attrs.frozen
class Unit:
    """A product of powers of the base units byte, FLOP and second."""

    bytes: int = 0
    flops: int = 0
    seconds: int = 0

    def times(self, other: Unit, power: int = 1) -> Unit:
        """The unit of a product (power 1) or of a quotient (power -1)."""
        return Unit(
            self.bytes + power * other.bytes,
            self.flops + power * other.flops,
            self.seconds + power * other.seconds,
        )

    def __str__(self) -> str:
        if self in _WORDS:
            return _WORDS[self]
        names = (("bytes", self.bytes), ("FLOP", self.flops), ("seconds", self.seconds))
        return " x ".join(f"{name}^{power}" for name, power in names if power)


PLAIN = Unit()
BYTES = Unit(bytes=1)
SECONDS = Unit(seconds=1)
BYTES_PER_SECOND = Unit(bytes=1, seconds=-1)
FLOPS_PER_SECOND = Unit(flops=1, seconds=-1)

_WORDS: Mapping[Unit, str] = {
    PLAIN: "a plain number",
    BYTES: "a size (bytes)",
    SECONDS: "a time (seconds)",
    Unit(flops=1): "an amount of work (FLOP)",
    BYTES_PER_SECOND: "bytes per second",
    FLOPS_PER_SECOND: "FLOP per second",
    Unit(seconds=-1): "a rate (per second)",
}

EXAMPLES: Mapping[Unit, str] = {
    PLAIN: "8",
    BYTES: "80 GB",
    SECONDS: "5 us",
    BYTES_PER_SECOND: "900 GB/s",
    FLOPS_PER_SECOND: "989 TFLOP/s",
}
"""How a quantity of each kind that a field may have is written."""

_BASES: Mapping[str, tuple[Fraction, Unit]] = {
    "B": (Fraction(1), BYTES),
    "bit": (Fraction(1, 8), BYTES),
    "FLOP": (Fraction(1), Unit(flops=1)),
    "s": (Fraction(1), SECONDS),
    "": (Fraction(1), PLAIN),
}

_PREFIXES: Mapping[str, Fraction] = {
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
    "P": Fraction(10**15),
    "E": Fraction(10**18),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "Ti": Fraction(2**40),
}


def _units() -> dict[str, tuple[Fraction, Unit]]:
    table: dict[str, tuple[Fraction, Unit]] = {"": (Fraction(1), PLAIN)}
    for base, (scale, unit) in _BASES.items():
        for prefix, factor in _PREFIXES.items():
            if prefix + base:
                table[prefix + base] = (factor * scale, unit)
                table[f"{prefix}{base}/s"] = (factor * scale, unit.times(SECONDS, -1))
    return table


# Every unit that can be written after a number: how many base units it is, and of what kind.
UNITS: Mapping[str, tuple[Fraction, Unit]] = _units()


@attrs.frozen
class Quantity:
    """A compile-time number (or ``true``/``false``) and its unit, in base units.

    ``Quantity(8192)`` is a plain whole number; ``Quantity(Fraction(8190, 16))`` is what a quotient of
    sizes is that does not come out whole.
    """

    value: Value | bool
    unit: Unit = PLAIN

    @property
    def truth(self) -> bool | None:
        """The value as ``true`` or ``false``; None for a number."""
        return self.value if isinstance(self.value, bool) else None

    @property
    def whole(self) -> int | None:
        """The value as a whole plain number; None if it is anything else."""
        if isinstance(self.value, bool) or self.unit != PLAIN:
            return None
        if isinstance(self.value, float):
            return int(self.value) if self.value.is_integer() else None
        return self.value if isinstance(self.value, int) else None

    @property
    def number(self) -> float:
        """The value in base units, as a float."""
        return float(self.value)

    def __str__(self) -> str:
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        shown = f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
        return shown if self.unit == PLAIN else f"{shown}, {self.unit}"


def with_unit(value: float, unit: str) -> Quantity:
    """A number as written with a unit of ``UNITS``: exact, so 3.35 TB/s is a whole number of bytes."""
    scale, kind = UNITS[unit]
    if not unit or not math.isfinite(value):
        return Quantity(value, kind)
    if isinstance(value, int) and scale.denominator == 1:
        return Quantity(value * scale.numerator, kind)
    return Quantity(shorten(Fraction(repr(value)) * scale), kind)


def shorten(value: Value) -> Value:
    """The same number: whole as ``int`` where it is; a ratio of absurd length as ``float``."""
    if not isinstance(value, Fraction):
        return value
    if value.denominator == 1:
        return value.numerator
    if max(abs(value.numerator), value.denominator) > LARGEST_WHOLE:
        return float(value)
    return value
