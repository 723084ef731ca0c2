"""The dimensions (m, k, n) and the batch of a matrix multiplication, from its factors.

Those of both operands and the result are *batch*, those of the left operand alone make m, those of the
right alone n, and the contracted ones k.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import attrs

from helixc.ir.rules import Factor
from helixc.ir.tensor import Sizes, expected


@attrs.frozen(kw_only=True)
class MatmulShape:
    """The dimensions of one multiplication on one GPU."""

    batch: int
    m: int
    k: int
    n: int

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        return self.batch * self.m * self.k * self.n

    @property
    def get_time(self) -> str:
        """``Get_Time(10240000, 8192, 512)``, with ``batch=`` where there is one."""
        batch = f", batch={self.batch}" if self.batch > 1 else ""
        return f"Get_Time({self.m}, {self.k}, {self.n}{batch})"


def matmul_shape(rule: Sequence[Factor], local: Sizes) -> MatmulShape:
    """The shape of a multiplication whose factors have these sizes on one GPU.

    Of ragged factors only the places count that are expected to be full.  Where these are fewer rows than
    there are products, so many products have one row, and the others none.
    """
    batch: list[str] = []
    left: list[str] = []
    right: list[str] = []
    contracted: list[str] = []
    for factor in rule:
        in_left, in_right = (dim is not None for dim in factor.operands)
        if factor.result is None:
            side = contracted
        elif in_left and in_right:
            side = batch
        else:
            side = left if in_left else right
        side.append(factor.name)

    def size(*sides: list[str]) -> int:
        names = [name for side in sides for name in side]
        return expected(prod(local[name] for name in names), names, local.shares)

    return MatmulShape(
        batch=min(size(batch), size(batch, left), size(batch, right)),
        m=size(left),
        k=size(contracted),
        n=size(right),
    )
