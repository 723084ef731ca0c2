"""How many numbers a model keeps: its weights, those of every turn of a repeat."""

from __future__ import annotations

from collections.abc import Sequence

from helixc.ir.logical import Logical, Op, Repeat
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement


def count_parameters(program: Logical | Spmd) -> int:
    """Elements of all weights and frozen values of the whole model, not of one GPU."""
    return _count(program.body, program)


def _count(body: Sequence[Op | Repeat] | Sequence[SpmdStatement], program: Logical | Spmd) -> int:
    total = 0
    for statement in body:
        if isinstance(statement, Repeat | Loop):
            total += statement.trips * _count(statement.body, program)
        elif isinstance(statement, Op | Compute) and _is_weight(statement):
            total += program.types[statement.result].elements(program.sizes)
    return total


def _is_weight(statement: Op | Compute) -> bool:
    op = statement if isinstance(statement, Op) else statement.op
    return OPS[op.kind].kept == "weight"
