"""What one GPU does for one operator: floating-point operations, and bytes read and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.ir.ops import OPS
from helixc.ir.rules import Factor
from helixc.ir.tensor import DTYPE_BITS, NUMBER, TensorType

PICOSECONDS = 10**12


@attrs.frozen
class Work:
    """What one GPU does for one operator: floating-point operations, and bytes read and written."""

    flops: int
    bytes: int


def local_work(
    kind: str,
    operand_types: Sequence[TensorType],
    result_type: TensorType,
    rule: Sequence[Factor],
    local: Mapping[str, int],
) -> Work:
    """FLOPs and bytes of one GPU; ``local`` is the size of each factor's block there.

    A multiply-add counts two FLOPs.  Operators that are free (a relabelling) cost nothing.
    """
    row = OPS[kind]
    if row.work in ("free", "source"):
        return Work(flops=0, bytes=0)
    points = 1
    for factor in rule:
        points *= local[factor.name]
    flops = 2 * points if row.work == "matmul" else row.flops * points
    moved = _block_bytes(result_type, [f for f in rule if f.result is not None], local)
    for position, type_ in enumerate(operand_types):
        if type_ is not NUMBER:
            own = [f for f in rule if f.operands[position] is not None]
            moved += _block_bytes(type_, own, local)
    return Work(flops=flops, bytes=moved)


def _block_bytes(type_: TensorType, own: Sequence[Factor], local: Mapping[str, int]) -> int:
    elements = 1
    for factor in own:
        elements *= local[factor.name]
    return (elements * DTYPE_BITS[type_.dtype] + 7) // 8
