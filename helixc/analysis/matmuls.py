"""Every matrix multiplication with its local dimensions (m, k, n), count and work.

Of a multiplication's dimensions, those of both operands and the result are *batch*, those of the left
operand alone make m, those of the right alone n, and the contracted ones k; sizes are one GPU's.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import attrs

from helixc.analysis.layers import Layer, LayerMap
from helixc.analysis.local_compute import LocalCompute, local_compute
from helixc.analysis.names import value_names
from helixc.diagnostics import Span
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Spmd, walk


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


@attrs.frozen(kw_only=True)
class Matmul:
    """One multiplication as written, for every turn of its layer.

    ``per_gpu`` counts the multiplications of one GPU in one turn, ``total`` those of all GPUs.
    ``operands`` and ``name`` are what people call them.  ``repeated``: how many GPUs do the very same.
    """

    layer: Layer
    name: str
    value: str
    operands: tuple[str, ...]
    shape: MatmulShape
    per_gpu: int
    total: int
    repeated: int
    dtype: str
    span: Span

    @property
    def macs_per_gpu(self) -> int:
        """Multiply-adds of one GPU in one turn."""
        return self.per_gpu * self.shape.macs

    @property
    def flops_per_gpu(self) -> int:
        """FLOPs of one GPU in one turn; a multiply-add is two."""
        return 2 * self.macs_per_gpu


def find_matmuls(program: Spmd, layers: LayerMap) -> tuple[Matmul, ...]:
    """Every matrix multiplication of a program, in its order; one entry for all turns."""
    names = value_names(program)
    return tuple(
        _matmul(statement, program, layers, names)
        for statement in walk(program.body)
        if isinstance(statement, Compute) and OPS[statement.op.kind].work == "matmul"
    )


def _matmul(
    statement: Compute, program: Spmd, layers: LayerMap, names: Mapping[str, str]
) -> Matmul:
    op = statement.op
    local = local_compute(statement, program)
    per_gpu = layers.runs_per_turn(op.result)
    return Matmul(
        layer=layers.layer(op.result),
        name=names[op.result],
        value=op.result,
        operands=tuple(names[operand] for operand in op.reads),
        shape=matmul_shape(local),
        per_gpu=per_gpu,
        total=per_gpu * program.mesh.devices,
        repeated=local.repeated,
        dtype=op.type.dtype,
        span=op.span,
    )


def matmul_shape(local: LocalCompute) -> MatmulShape:
    """The dimensions (m, k, n) and the batch of a multiplication, from its factors."""
    batch: list[int] = []
    left: list[int] = []
    right: list[int] = []
    contracted: list[int] = []
    for factor in local.rule:
        in_left, in_right = (dim is not None for dim in factor.operands)
        if factor.result is None:
            side = contracted
        elif in_left and in_right:
            side = batch
        else:
            side = left if in_left else right
        side.append(local.local[factor.name])
    return MatmulShape(batch=prod(batch), m=prod(left), k=prod(contracted), n=prod(right))
