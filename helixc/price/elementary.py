"""The few functions that the prices of kernels are written with, for numbers and for columns.

A formula stands once and takes them as an argument: with those of ``math`` it prices one kernel and
needs no NumPy, with NumPy's (``columns(numpy)``) it prices a column of kernels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import attrs

# A float, or a NumPy column of them.
Quantity = Any


@attrs.frozen
class Elementary:
    """Rounding up and down, square root, the larger and the smaller of two, element by element.

    ``where(condition, one, other)``: one where the condition holds, else other.
    """

    ceil: Callable[[Quantity], Quantity]
    floor: Callable[[Quantity], Quantity]
    sqrt: Callable[[Quantity], Quantity]
    maximum: Callable[[Quantity, Quantity], Quantity]
    minimum: Callable[[Quantity, Quantity], Quantity]
    where: Callable[[Quantity, Quantity, Quantity], Quantity]

    def soft_maximum(self, one: Quantity, other: Quantity, exponent: float) -> Quantity:
        """``(one^p + other^p)^(1/p)``: how far two costs overlap; 1 adds them, a large p hides one.

        Neither is raised to a power before it is divided by the larger, so nothing underflows.
        """
        large = self.maximum(one, other)
        small = self.minimum(one, other)
        ratio = small / self.maximum(large, 1e-30)
        return large * (1 + ratio**exponent) ** (1 / exponent)


def _where(condition: object, one: float, other: float) -> float:
    return one if condition else other


SCALAR = Elementary(
    ceil=math.ceil,
    floor=math.floor,
    sqrt=math.sqrt,
    maximum=max,
    minimum=min,
    where=_where,
)


def columns(numpy: Any) -> Elementary:
    """The same, element by element, from the module that the caller has imported."""
    return Elementary(
        ceil=numpy.ceil,
        floor=numpy.floor,
        sqrt=numpy.sqrt,
        maximum=numpy.maximum,
        minimum=numpy.minimum,
        where=numpy.where,
    )
