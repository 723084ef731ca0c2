"""The matrix multiplications of one statement: the operator itself, or the members of a kernel."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.analysis.local_compute import LocalCompute, local_compute
from helixc.analysis.numbers_text import byte_text, flop_text
from helixc.ir.attention import matrix_products
from helixc.ir.fused import Kernel, kernel_of
from helixc.ir.ops import OPS, Fused, Op
from helixc.ir.spmd import Compute, Spmd
from helixc.price.shapes import MatmulShape, matmul_shape


@attrs.frozen
class Product:
    """A multiplication with its sizes on one GPU; ``repeated``: how many GPUs do the very same."""

    op: Op
    shape: MatmulShape
    repeated: int


def products_of(statement: Compute, program: Spmd) -> Iterator[Product]:
    """The multiplications of a statement, in order."""
    op = statement.op
    if OPS[op.kind].work == "matmul":
        local = local_compute(statement, program)
        yield Product(op, matmul_shape(local.rule, local.local), local.repeated)
    elif isinstance(op.params, Fused):
        local = local_compute(statement, program)
        kernel = kernel_of(op.params, tuple(local.operator.types))
        for member in matrix_products(kernel):
            yield _inside(member, kernel, local, statement, program)


def _inside(
    member: Op, kernel: Kernel, local: LocalCompute, statement: Compute, program: Spmd
) -> Product:
    names = kernel.names_of(member)
    rule = kernel.rules[kernel.fused.body.index(member)]
    sizes = local.local.named({f.name: name for f, name in zip(rule, names, strict=True)})
    busy = 1
    for atom, factor in statement.way:
        busy *= program.mesh.sizes[atom] if factor in names else 1
    return Product(member, matmul_shape(rule, sizes), program.mesh.devices // busy)


def time_term(statement: Compute, program: Spmd) -> str:
    """What stands for the time of a statement in a formula: ``Get_Time(...)``, ``Attention_Time(...)``."""
    local = local_compute(statement, program)
    if isinstance(statement.op.params, Fused):
        attention = local.operator.attention
        if attention is not None:
            return attention.time_term
        if local.work.matrix_flops:
            return f"Kernel_Time({flop_text(local.work.flops)}, {byte_text(local.work.bytes)})"
    for product in products_of(statement, program):
        return product.shape.get_time
    return f"Memory_Time({byte_text(local.work.bytes)})"
