"""The dimensions (m, k, n) and the batch of a matrix multiplication, from its factors.

Those of both operands and the result are *batch*, those of the left operand alone make m, those of the
right alone n, and the contracted ones k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import attrs

from helixc.ir.rules import Factor


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


def matmul_shape(rule: Sequence[Factor], local: Mapping[str, int]) -> MatmulShape:
    """The shape of a multiplication whose factors have these sizes on one GPU."""
    batch: list[int] = []
    left: list[int] = []
    right: list[int] = []
    contracted: list[int] = []
    for factor in rule:
        in_left, in_right = (dim is not None for dim in factor.operands)
        if factor.result is None:
            side = contracted
        elif in_left and in_right:
            side = batch
        else:
            side = left if in_left else right
        side.append(local[factor.name])
    return MatmulShape(batch=prod(batch), m=prod(left), k=prod(contracted), n=prod(right))
