"""What one GPU does for one operator: floating-point operations, and bytes read and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import attrs

from helixc.ir.rules import Factor
from helixc.ir.tensor import NUMBER, Share, Sizes, TensorType, expected, expected_bytes
from helixc.ir.work import Arithmetic

PICOSECONDS = 10**12


@attrs.frozen
class Work:
    """What one GPU does for one operator: floating-point operations, and bytes read and written.

    ``matrix_flops`` are those of the FLOPs that the matrix units do.
    """

    flops: int
    bytes: int
    matrix_flops: int = 0


def local_work(
    arithmetic: Arithmetic,
    operand_types: Sequence[TensorType],
    result_type: TensorType,
    rule: Sequence[Factor],
    local: Sizes,
    ragged: Sequence[Mapping[str, Share]] = (),
) -> Work:
    """FLOPs and bytes of one GPU; ``local`` is the size of each factor's block there.

    ``ragged``: for each operand the shares of its own dimensions, where these are not those of the factors.

    Operators without a term of work cost nothing, nor do places that are expected to stay empty.  What a
    kernel keeps inside is not moved.
    """
    terms = arithmetic.terms
    if not terms:
        return Work(flops=0, bytes=0)
    counted = [(term.matrix, term.flops * _points(term.factors, local)) for term in terms]
    result, written = [f.name for f in rule if f.result is not None], arithmetic.written
    moved = _block_bytes(result_type, result if written is None else written, local)
    for position, type_ in enumerate(operand_types):
        if type_ is NUMBER or (written is not None and not position):
            continue
        fetched = [names for n, names in arithmetic.fetched if n == position]
        for names in fetched:
            moved += _block_bytes(type_, names, local)
        if not fetched:
            dims = [(f.name, f.operands[position]) for f in rule]
            held = {name: dim for name, dim in dims if dim is not None}
            sizes = _as_ragged(held, local, ragged[position]) if ragged else local
            moved += _block_bytes(type_, tuple(held), sizes)
    return Work(
        flops=sum(flops for _, flops in counted),
        bytes=moved,
        matrix_flops=sum(flops for matrix, flops in counted if matrix),
    )


def _as_ragged(held: Mapping[str, str], local: Sizes, shares: Mapping[str, Share]) -> Sizes:
    """The sizes of factors with the shares of the dimensions that one value has along them."""
    return Sizes(local, {name: shares[dim] for name, dim in held.items() if dim in shares})


def _points(factors: Sequence[str], local: Sizes) -> int:
    return expected(prod(local[name] for name in factors), factors, local.shares)


def _block_bytes(type_: TensorType, names: Sequence[str], local: Sizes) -> int:
    places = prod(local[name] for name in names)
    return expected_bytes(places, type_.dtype, names, local.shares)
