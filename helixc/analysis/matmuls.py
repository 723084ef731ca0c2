"""Every matrix multiplication with its local dimensions (m, k, n), count and work."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.analysis.layers import Layer, LayerMap
from helixc.analysis.names import value_names
from helixc.analysis.products import Product, products_of
from helixc.diagnostics import Span
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.price.shapes import MatmulShape


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
        _matmul(statement, product, program, layers, names)
        for statement in walk(program.body)
        if isinstance(statement, Compute)
        for product in products_of(statement, program)
    )


def _matmul(
    statement: Compute,
    product: Product,
    program: Spmd,
    layers: LayerMap,
    names: Mapping[str, str],
) -> Matmul:
    op = product.op
    per_gpu = layers.runs_per_turn(statement.result)
    return Matmul(
        layer=layers.layer(statement.result),
        name=names[op.result],
        value=op.result,
        operands=tuple(names[operand] for operand in op.reads),
        shape=product.shape,
        per_gpu=per_gpu,
        total=per_gpu * program.mesh.devices,
        repeated=product.repeated,
        dtype=op.type.dtype,
        span=op.span,
    )
