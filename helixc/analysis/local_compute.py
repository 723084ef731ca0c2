"""What one GPU does for one operator of the SPMD program: local sizes, work and time."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.ir.factors import factor_sizes
from helixc.ir.rules import Factor, factors
from helixc.ir.spmd import Compute, Spmd
from helixc.ir.tensor import NUMBER, Sizes, TensorType
from helixc.ir.work import arithmetic_of
from helixc.price.compute import Work
from helixc.price.interval import Price
from helixc.price.operator import LocalOperator, operator_price


@attrs.frozen
class LocalCompute:
    """``operator``: with the sizes of one GPU's blocks; ``work``: its FLOPs and bytes there.

    ``repeated``: how many GPUs do the very same work (atoms that split nothing).
    """

    operator: LocalOperator
    work: Work
    repeated: int

    @property
    def rule(self) -> Sequence[Factor]:
        """The operator's factors."""
        return self.operator.rule

    @property
    def local(self) -> Sizes:
        """The size of each factor's block on one GPU."""
        return self.operator.local


def local_compute(statement: Compute, program: Spmd) -> LocalCompute:
    """The work of one GPU for a statement, from its way of being split."""
    op, sizes = statement.op, program.sizes
    types = operand_types(statement, program)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    local = factor_sizes(rule, (*(sizes for _ in types), sizes))
    busy = 1
    for atom, factor in statement.way:
        busy *= program.mesh.sizes[atom]
        if factor in local:
            local[factor] //= program.mesh.sizes[atom]
    ragged = tuple(sizes.shares for _ in types) if sizes.shares else ()
    operator = LocalOperator(arithmetic_of(op, types), types, op.type, rule, local, ragged)
    return LocalCompute(operator, operator.work, program.mesh.devices // busy)


def operand_types(statement: Compute, program: Spmd) -> tuple[TensorType, ...]:
    """The global types of a statement's operands; a number's is ``NUMBER``."""
    return tuple(
        program.types[operand] if isinstance(operand, str) else NUMBER
        for operand in statement.op.operands
    )


def compute_price(statement: Compute, program: Spmd) -> Price:
    """Price of one operator on one GPU of the program's cluster."""
    return operator_price(local_compute(statement, program).operator, program.cluster.gpu)
