"""``->`` between products: both sides refined until they agree factor by factor.

``head_dim -> half * pair`` and ``row * column -> patch`` change no data: a fresh name becomes another
name for factors that are there, or for a factor that is made by dividing one.  ``seq -> key`` is a
relabelling: another dimension, whose factors follow those of the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.elaborate.dimensions import (
    MOST_FACTORS,
    Dimension,
    Dims,
    TooManyFactors,
    divide,
    leaves,
    link,
)

Pairs = tuple[tuple[Dimension, Dimension], ...]
Pieces = list[list[int]]


def common_pieces(left: Sequence[int], right: Sequence[int]) -> tuple[Pieces, Pieces] | None:
    """The coarsest common refinement of two products of equal value, outermost first.

    For each factor of either side the sizes it is cut into; None where the factors do not nest.
    """
    cut_left: Pieces = [[] for _ in left]
    cut_right: Pieces = [[] for _ in right]
    i = j = 0
    a, b = left[0], right[0]
    while True:
        if a % b and b % a:
            return None
        piece = min(a, b)
        cut_left[i].append(piece)
        cut_right[j].append(piece)
        a, b = a // piece, b // piece
        # A side on its last factor keeps a remainder of 1 for factors of 1 that the other still has.
        last_left, last_right = i == len(left) - 1, j == len(right) - 1
        done_left = a == 1 and not (last_left and not (last_right and b == 1))
        done_right = b == 1 and not (last_right and not (last_left and a == 1))
        if done_left and last_left and done_right and last_right:
            return cut_left, cut_right
        if done_left and not last_left:
            i += 1
            a = left[i]
        if done_right and not last_right:
            j += 1
            b = right[j]


@attrs.frozen
class Unfit:
    """The factors of two products that do not nest: no common refinement exists."""

    left: Dims
    right: Dims


def relabel(left: Dims, right: Dims) -> Pairs | Unfit:
    """Map the leaves of one product onto those of another, dividing both as far as needed."""
    while True:
        ours, theirs = leaves(left), leaves(right)
        pieces = common_pieces([d.size for d in ours], [d.size for d in theirs])
        if pieces is None:
            return Unfit(ours, theirs)
        if not _divide_first((*ours, *theirs), pieces[0] + pieces[1]):
            break
    for one, other in zip(ours, theirs, strict=True):
        link(one, other)
    return tuple((a, b) for a, b in zip(ours, theirs, strict=True) if a is not b)


def _divide_first(dims: Dims, pieces: Pieces) -> bool:
    """Divide the first leaf that is to be cut; False if none is."""
    if len(dims) > MOST_FACTORS:
        raise TooManyFactors
    for dim, sizes in zip(dims, pieces, strict=True):
        if len(sizes) > 1:
            divide(dim, sizes)
            return True
    return False


def regroup(left: Dims, right: Dims) -> Pairs | Unfit:
    """Map a product onto another; what is fresh on the right becomes a name for what is on the left."""
    while True:
        ours = leaves(left)
        theirs = tuple(leaf for dim in right for leaf in leaves((dim,)))
        pieces = common_pieces([d.size for d in ours], [d.size for d in theirs])
        if pieces is None:
            return Unfit(ours, theirs)
        known = [(d, cut) for d, cut in zip(theirs, pieces[1], strict=True) if not d.fresh]
        dims = (*ours, *(d for d, _ in known))
        if not _divide_first(dims, pieces[0] + [cut for _, cut in known]):
            break
    pairs: list[tuple[Dimension, Dimension]] = []
    rest = iter(ours)
    for dim, cut in zip(theirs, pieces[1], strict=True):
        own = tuple(next(rest) for _ in cut)
        if dim.fresh:
            _name(dim, own)
        elif own[0] is not dim:
            link(own[0], dim)
            pairs.append((own[0], dim))
    return tuple(pairs)


def _name(fresh: Dimension, factors: Dims) -> None:
    """Make a fresh dimension the name of existing factors; a hidden one takes its name."""
    fresh.parts = factors
    fresh.fresh = False
    if len(factors) == 1 and factors[0].hidden:
        factors[0].name, factors[0].hidden, factors[0].span = fresh.name, False, fresh.span
