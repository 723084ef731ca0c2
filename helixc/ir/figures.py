"""What figures of hardware are counted in, and how small and large they may be.

The bounds lie far beyond anything that is built, and are such that no price computed from figures
within them overflows or divides by nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from helixc.limits import MAX_GPUS

# What a figure is counted in, as the language writes it; "" is a plain number.
Measure = Literal["", "s", "B", "B/s", "FLOP/s"]

_SMALLEST: Mapping[Measure, float] = {"": 1e-6, "s": 1e-18, "B": 1.0, "B/s": 1.0, "FLOP/s": 1.0}
_LARGEST: Mapping[Measure, float] = {
    "": 1e9,
    "s": 1e6,
    "B": 1e24,
    "B/s": 1e24,
    "FLOP/s": 1e24,
}


@attrs.frozen
class Range:
    """The legal figures: from ``least`` to ``most``, and 0 if that says that there is none."""

    least: float
    most: float
    or_none: bool = False

    def __contains__(self, figure: float) -> bool:
        return self.least <= figure <= self.most or (self.or_none and figure == 0)

    def __str__(self) -> str:
        return f"{'0, or ' if self.or_none else ''}from {self.least:g} to {self.most:g}"


def above_zero(measure: Measure) -> Range:
    """What something is divided by."""
    return Range(_SMALLEST[measure], _LARGEST[measure])


def from_zero(measure: Measure) -> Range:
    """What something is multiplied by, or what is added."""
    return Range(0.0, _LARGEST[measure])


def above_zero_or_none(measure: Measure) -> Range:
    """What something is divided by, unless it is 0: then there is no such thing."""
    return Range(_SMALLEST[measure], _LARGEST[measure], or_none=True)


SHARE = Range(_SMALLEST[""], 1.0)
COUNT = Range(1.0, float(MAX_GPUS))
FACTOR = Range(1.0, _LARGEST[""])
# Exponents of soft maxima: 1 adds, a large one hides the lesser.
EXPONENT = Range(0.125, 1024.0)
