"""Types of values: a dtype and a set of named dimensions.

Below the source level a dimension is a *leaf*: a factor that no ``rename`` divides further.  A
composite dimension (``head = kv_head * group``) exists only as the tuple of its leaves, outermost
first, so every later level splits, contracts and moves leaves and knows no products.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

# Bits per element; `f4` is packed two to a byte, so sizes are counted in bits and rounded up.
DTYPE_BITS: Mapping[str, int] = {
    "f64": 64, "f32": 32, "bf16": 16, "f16": 16, "f8": 8, "f4": 4,
    "i32": 32, "i8": 8, "bool": 8,
}  # fmt: skip

# Widest first; a result takes the widest floating operand.
FLOATING = ("f64", "f32", "bf16", "f16", "f8", "f4")


@attrs.frozen
class Dim:
    """A leaf dimension: a name, unique in the program, and its global size in elements."""

    name: str
    size: int


@attrs.frozen
class TensorType:
    """A dtype and leaf dimensions.  The order is for storage and for the reader; it means nothing."""

    dtype: str
    dims: tuple[str, ...]

    def elements(self, sizes: Mapping[str, int]) -> int:
        """Number of elements, given the size of each dimension."""
        count = 1
        for dim in self.dims:
            count *= sizes[dim]
        return count

    def bytes(self, sizes: Mapping[str, int]) -> int:
        """Number of bytes, rounded up to whole ones."""
        return (self.elements(sizes) * DTYPE_BITS[self.dtype] + 7) // 8


# The type of a number written in the source: it has no dimensions and adapts to any dtype.
NUMBER = TensorType(dtype="number", dims=())
