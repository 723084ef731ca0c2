"""What one GPU does for one operator: floating-point operations, and bytes read and written."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import attrs

from helixc.ir.rules import Factor
from helixc.ir.tensor import NUMBER, Sizes, TensorType, expected, expected_bytes
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
) -> Work:
    """FLOPs and bytes of one GPU; ``local`` is the size of each factor's block there.

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
        if type_ is not NUMBER and (written is None or position):
            fetched = [names for n, names in arithmetic.fetched if n == position]
            own = tuple(f.name for f in rule if f.operands[position] is not None)
            moved += sum(_block_bytes(type_, names, local) for names in fetched or [own])
    return Work(
        flops=sum(flops for _, flops in counted),
        bytes=moved,
        matrix_flops=sum(flops for matrix, flops in counted if matrix),
    )


def _points(factors: Sequence[str], local: Sizes) -> int:
    return expected(prod(local[name] for name in factors), factors, local.shares)


def _block_bytes(type_: TensorType, names: Sequence[str], local: Sizes) -> int:
    places = prod(local[name] for name in names)
    return expected_bytes(places, type_.dtype, names, local.shares)
