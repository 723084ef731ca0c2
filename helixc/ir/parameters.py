"""What operators are given beside their operands: one class for each kind of it."""

from __future__ import annotations

import attrs

from helixc.ir.tensor import TensorType


@attrs.frozen
class Norm:
    """Parameter of a normalisation: the number added to the variance."""

    eps: float


@attrs.frozen
class Renamed:
    """``pairs``: leaf of the operand, leaf of the result; all other dimensions stay."""

    pairs: tuple[tuple[str, str], ...]


@attrs.frozen
class Joined:
    """Concatenation along the product ``dims``, outermost first.

    ``parts``: for each operand its leaves there, outermost first (none: it counts as one element), and
    the product of their sizes.
    """

    dims: tuple[str, ...]
    parts: tuple[tuple[tuple[str, ...], int], ...]


@attrs.frozen
class Cut:
    """The part of the product ``source`` from ``start`` on that becomes the product ``dims``.

    Of an operator that ``fills``: what of its first operand becomes its second.
    """

    source: tuple[str, ...]
    dims: tuple[str, ...]
    start: int


@attrs.frozen
class Rolled:
    """By how many places every element moves on, those at the end to the beginning."""

    by: int


@attrs.frozen
class Routed:
    """Where tokens stand at the experts that an index chooses; the dimensions worked over are the experts.

    ``pairs``: a token's dimension, and that of its own place at every expert.  Tokens along the product
    ``queue`` wait in line at each expert instead, in row-major order, for the places of the product
    ``slot``; who comes too late has none.  ``pick``: the dimensions of the choices of one token.
    """

    pairs: tuple[tuple[str, str], ...] = ()
    queue: tuple[str, ...] = ()
    slot: tuple[str, ...] = ()
    pick: tuple[str, ...] = ()


@attrs.frozen
class Position:
    """The product whose global row-major index an ``index`` operator yields."""

    dims: tuple[str, ...]


@attrs.frozen
class Cast:
    """The dtype that a conversion yields."""

    dtype: str


@attrs.frozen
class Declared:
    """The type of a value that is declared."""

    type: TensorType


@attrs.frozen
class Filled:
    """A value that is one number everywhere, and its type."""

    value: float
    type: TensorType
