"""Where one operator runs: the names behind the axes of its arrays, and the facts it may use.

Every array has a leading axis of *lanes*, one per simulated GPU (a single one for the unpartitioned
model), and then one axis per leaf dimension.  A number is an array of shape (1,).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.ir.ops import Params

Array = NDArray[Any]
Dims = tuple[str, ...]
# Whole numbers below this are whole numbers of int64 too, and products with small ones fit.
_EXACT = 2**31


@attrs.frozen(kw_only=True)
class Site:
    """One operator on local blocks.

    ``operands`` are the dimensions of each operand's axes, ``dims`` those of the result's.
    ``sizes`` are *global*.  ``positions(dim)`` gives the global indices of every lane's block,
    shape (lanes, local size).
    """

    operands: tuple[Dims, ...]
    dims: Dims
    over: Dims
    params: Params
    sizes: Mapping[str, int]
    positions: Callable[[str], Array]


def align(array: Array, have: Dims, want: Dims) -> Array:
    """The same values with axes in the order of ``want``; an axis of size 1 where one is missing."""
    if have == want:
        return array
    present = [dim for dim in want if dim in have]
    array = array.transpose(0, *(have.index(dim) + 1 for dim in present))
    if len(present) == len(want):
        return array
    shape = iter(array.shape[1:])
    return array.reshape(array.shape[0], *(next(shape) if d in have else 1 for d in want))


def axes_of(dims: Dims, over: Dims) -> tuple[int, ...]:
    """The axes of an array with ``dims`` that ``over`` names, the lanes counted."""
    return tuple(dims.index(dim) + 1 for dim in over)


def as_is(array: Array) -> Array:
    """The same array: real numbers need nothing to stay in range."""
    return array


def as_number(array: Array) -> Array:
    """Truth values as 0 and 1; other arrays as they are."""
    return array.astype(np.int64) if array.dtype == np.bool_ else array


def real_number(value: float) -> Array:
    """A number as an operand, shape (1,); whole ones that are exact as such stay whole numbers."""
    whole = abs(value) < _EXACT and float(value).is_integer()
    return np.array([int(value) if whole else float(value)])


def product_size(sizes: Mapping[str, int], dims: Dims) -> int:
    """Number of elements of a product of dimensions, on all GPUs together."""
    return math.prod(sizes[dim] for dim in dims)


def merged(array: Array, dims: Dims, others: Dims, product: Dims) -> Array:
    """Axes in the order of ``others``, and as the last one the row-major product of some dimensions."""
    ordered = align(array, dims, others + product)
    return ordered.reshape(*ordered.shape[: 1 + len(others)], -1)


def unmerged(site: Site, array: Array, others: Dims, product: Dims) -> Array:
    """The inverse of ``merged``, axes in the order of the result; ``product`` is whole everywhere."""
    sizes = [site.sizes[dim] for dim in product]
    return align(array.reshape(*array.shape[:-1], *sizes), others + product, site.dims)
