"""Dimensions while a model is being elaborated: objects that may acquire factors.

A dimension is a leaf until a ``rename`` says that it is a product; from then on it stands for its
factors wherever it occurs, before and after.  So values and operators hold dimension objects, and only
when everything was read are these resolved to leaves.  Leaves that a rename maps onto each other are
*linked*: dividing one divides the other alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from helixc.diagnostics import NOWHERE, Span
from helixc.ir.tensor import FULL, Share

# Factors on both sides of one arrow; a size below 2^53 has at most 52 factors beyond 1.
MOST_FACTORS = 128


@attrs.define(eq=False)
class Dimension:
    """A dimension: the same only as itself.

    ``parts`` are its factors, outermost first; none: a leaf so far.  ``fresh``: on no value yet, so
    that it can still become another name for what exists.  ``hidden``: named by the compiler.
    """

    name: str
    size: int
    span: Span = NOWHERE
    hidden: bool = False
    fresh: bool = True
    parts: tuple[Dimension, ...] = ()
    # Of places at experts, which may be empty: what is expected to be full.
    share: Share | None = None
    # The leaves that a rename maps onto this one, as an ordered set.
    links: dict[Dimension, None] = attrs.field(factory=dict["Dimension", None])

    def __repr__(self) -> str:
        return f"{self.name}={self.size}"


Dims = tuple[Dimension, ...]


class TooManyFactors(Exception):
    """An arrow has more than ``MOST_FACTORS`` factors."""


def leaves(dims: Iterable[Dimension]) -> Dims:
    """The leaves that these dimensions stand for now, outermost first."""
    dims = tuple(dims)
    for dim in dims:
        if dim.parts:
            return _expanded(dims)
    return dims


def _expanded(dims: Dims) -> Dims:
    found: list[Dimension] = []
    for dim in dims:
        found += _leaves_of(dim)
    return tuple(found)


def _leaves_of(dim: Dimension) -> Dims:
    """The leaves of one dimension; what was found is kept, so chains of products stay short."""
    if not dim.parts:
        return (dim,)
    if any(part.parts for part in dim.parts):
        found: list[Dimension] = []
        pending = [*reversed(dim.parts)]
        while pending:
            part = pending.pop()
            if part.parts:
                pending += reversed(part.parts)
            else:
                found.append(part)
        dim.parts = tuple(found)
    return dim.parts


def divide(leaf: Dimension, sizes: Sequence[int]) -> None:
    """Make a leaf the product of new hidden leaves of these sizes, and all that are linked to it."""
    pending = [leaf]
    while pending:
        dim = pending.pop()
        if dim.parts:
            continue
        dim.parts = tuple(
            Dimension(f"{dim.name}.{i}", size, dim.span, hidden=True, fresh=False)
            for i, size in enumerate(sizes)
        )
        if dim.share is not None:
            dim.parts[0].share = dim.share
            for part in dim.parts[1:]:
                part.share = FULL
        for linked in dim.links:
            if linked.parts:
                for own, other in zip(dim.parts, linked.parts, strict=True):
                    link(own, other)
            else:
                pending.append(linked)


def link(one: Dimension, other: Dimension) -> None:
    """Remember that two leaves of one size are mapped onto each other."""
    if one is not other:
        one.links[other] = None
        other.links[one] = None


def is_ragged(dims: Iterable[Dimension]) -> bool:
    """Whether places along one of these dimensions may be empty."""
    return any(leaf.share is not None for leaf in leaves(dims))


def same(one: Iterable[Dimension], other: Iterable[Dimension]) -> bool:
    """Whether two values have the same dimensions, in any order."""
    return set(leaves(one)) == set(leaves(other))


def show(dims: Iterable[Dimension]) -> str:
    """The dimensions as a type is written: ``[batch, seq]``."""
    return "[" + ", ".join(dim.name for dim in dims) + "]"
