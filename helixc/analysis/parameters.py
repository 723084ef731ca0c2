"""How many numbers a model keeps: its weights, those of every turn of a repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helixc.ir.logical import Logical, Op, Repeat
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement
from helixc.ir.tensor import real_sizes


def count_parameters(program: Logical | Spmd) -> int:
    """Elements of all weights and frozen values of the whole model, not of one GPU; padding is none."""
    return _count(program.body, program, {**program.sizes, **real_sizes(program.dims)})


def _count(
    body: Sequence[Op | Repeat] | Sequence[SpmdStatement],
    program: Logical | Spmd,
    sizes: Mapping[str, int],
) -> int:
    total = 0
    for statement in body:
        if isinstance(statement, Repeat | Loop):
            total += statement.trips * _count(statement.body, program, sizes)
        elif isinstance(statement, Op | Compute) and _is_weight(statement):
            total += program.types[statement.result].elements(sizes)
    return total


def _is_weight(statement: Op | Compute) -> bool:
    op = statement if isinstance(statement, Op) else statement.op
    return OPS[op.kind].kept == "weight"
