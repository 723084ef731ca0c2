"""Types of values: a dtype and a set of named dimensions.

Below the source level a dimension is a *leaf*: a factor that no ``rename`` divides further.  A
composite dimension (``head = kv_head * group``) exists only as the tuple of its leaves, outermost
first, so every later level splits, contracts and moves leaves and knows no products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

# Bits per element; `f4` is packed two to a byte, so sizes are counted in bits and rounded up.
DTYPE_BITS: Mapping[str, int] = {
    "f64": 64, "f32": 32, "bf16": 16, "f16": 16, "f8": 8, "f4": 4,
    "i32": 32, "i8": 8, "bool": 8,
}  # fmt: skip

# Widest first; a result takes the widest floating operand.
FLOATING = ("f64", "f32", "bf16", "f16", "f8", "f4")


@attrs.frozen
class Share:
    """How many of a dimension's places are expected to be full: ``part`` of ``of``."""

    part: int = 1
    of: int = 1


FULL = Share()


@attrs.frozen
class Dim:
    """A leaf dimension: a name, unique in the program, and its global size in elements.

    One that is *ragged* has a ``share`` of less than all: shapes count every place, costs the full ones.
    One that is *padded* is longer than in the model: ``real`` is how long it is there, and what comes
    after that means nothing.
    """

    name: str
    size: int
    share: Share = FULL
    real: int | None = None


class Sizes(dict[str, int]):
    """Global size of each leaf; ``shares``: of those that are ragged, what is expected to be full."""

    def __init__(self, sizes: Mapping[str, int], shares: Mapping[str, Share] | None = None) -> None:
        super().__init__(sizes)
        self.shares: Mapping[str, Share] = shares or {}

    @classmethod
    def of(cls, dims: Iterable[Dim]) -> Sizes:
        """The sizes of some leaves."""
        dims = tuple(dims)
        shares = {dim.name: dim.share for dim in dims if dim.share != FULL}
        return cls({dim.name: dim.size for dim in dims}, shares)

    def named(self, names: Mapping[str, str]) -> Sizes:
        """The sizes under other names: for each new one the known one."""
        shares = {new: self.shares[old] for new, old in names.items() if old in self.shares}
        return Sizes({new: self[old] for new, old in names.items()}, shares)


def real_sizes(dims: Iterable[Dim]) -> dict[str, int]:
    """Of the leaves that are padded, how long they are in the model."""
    return {dim.name: dim.real for dim in dims if dim.real is not None}


def expected(places: int, dims: Iterable[str], shares: Mapping[str, Share]) -> int:
    """How many of so many places, along some dimensions, are expected to be full, rounded up."""
    if not shares:
        return places
    part = of = 1
    for share in (shares[dim] for dim in dims if dim in shares):
        part, of = part * share.part, of * share.of
    return -(-places * part // of)


def expected_bytes(
    places: int, dtype: str, dims: Iterable[str], shares: Mapping[str, Share]
) -> int:
    """Bytes of those of so many places that are expected to be full, rounded up to whole ones."""
    return (expected(places * DTYPE_BITS[dtype], dims, shares) + 7) // 8


@attrs.frozen
class TensorType:
    """A dtype and leaf dimensions.  The order is for storage and for the reader; it means nothing."""

    dtype: str
    dims: tuple[str, ...]

    def elements(self, sizes: Mapping[str, int]) -> int:
        """Number of elements, given the size of each dimension; those of empty places count too."""
        count = 1
        for dim in self.dims:
            count *= sizes[dim]
        return count

    def bytes(self, sizes: Sizes) -> int:
        """Number of bytes of what is expected to be full, rounded up to whole ones."""
        return expected_bytes(self.elements(sizes), self.dtype, self.dims, sizes.shares)


# The type of a number written in the source: it has no dimensions and adapts to any dtype.
NUMBER = TensorType(dtype="number", dims=())
