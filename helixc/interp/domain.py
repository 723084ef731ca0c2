"""What the elements of arrays are: real numbers, or a prime field in which linear programs are exact.

In the field every number written in a program becomes the residue of the fraction that its double
is, so sums, products and divisions keep all their laws and nothing is ever rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from helixc.interp.kernel import kernel_meaning
from helixc.interp.meaning import MEANINGS, Meaning, Operands
from helixc.interp.site import Array, Site, align, as_is, product_size, real_number

# Products of two residues are below 2**32, so a float64 adds 2**21 of them without rounding.
PRIME = 65521


@attrs.frozen(eq=False)
class Domain:
    """``number`` makes an operand of shape (1,) of a number; ``settle`` brings results into range."""

    name: str
    meanings: Mapping[str, Meaning]
    number: Callable[[float], Array]
    settle: Callable[[Array], Array]


def residue(value: float) -> int:
    """The element of the field that a number is: numerator over denominator, modulo the prime."""
    numerator, denominator = float(value).as_integer_ratio()
    return numerator * pow(denominator, -1, PRIME) % PRIME


def _residue(value: float) -> Array:
    return np.array([float(residue(value))])


def _modulo(array: Array) -> Array:
    return np.mod(array, float(PRIME))


def _inverse(array: Array) -> Array:
    """Multiplicative inverses by Fermat's little theorem; 0 stays 0, as in the model itself."""
    result, square, exponent = np.ones_like(array), array, PRIME - 2
    while exponent:
        if exponent & 1:
            result = _modulo(result * square)
        square = _modulo(square * square)
        exponent >>= 1
    return result


def _field_div(site: Site, operands: Operands) -> Array:
    top, bottom = (align(a, d, site.dims) for a, d in zip(operands, site.operands, strict=True))
    return top * _inverse(bottom)


def _field_mean(site: Site, operands: Operands) -> Array:
    scale = residue(1) * pow(product_size(site.sizes, site.over), -1, PRIME)
    return MEANINGS["sum"](site, (_modulo(operands[0]),)) * float(scale % PRIME)


# The operators that respect sums and products; a program of these alone is verified exactly.
_LINEAR = (
    "input", "weight", "frozen", "state", "append", "keep", "matmul", "outer", "add", "sub", "mul", "sum",
    "neg", "rename", "roll", "concat", "split", "take", "shift", "dispatch", "combine",
)  # fmt: skip


def _field_meanings() -> Mapping[str, Meaning]:
    meanings: dict[str, Meaning] = {kind: MEANINGS[kind] for kind in _LINEAR}
    meanings |= {"div": _field_div, "mean": _field_mean}
    return {**meanings, "kernel": kernel_meaning(meanings, _residue, _modulo)}


REALS = Domain("float64", MEANINGS, real_number, as_is)
FIELD = Domain(f"integers modulo {PRIME}", _field_meanings(), _residue, _modulo)
