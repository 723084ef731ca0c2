"""What one GPU does for one operator of the SPMD program: local sizes, work and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from helixc.ir.ops import OPS
from helixc.ir.rules import Factor, factors
from helixc.ir.spmd import Compute, Spmd
from helixc.ir.tensor import NUMBER, TensorType
from helixc.price.compute import Work, compute_picoseconds, local_work

# The time of one operator on one GPU, in picoseconds: replaceable by a table of measurements.
ComputeTime = Callable[[Compute, Spmd], int]


@attrs.frozen
class LocalCompute:
    """``rule``: the operator's factors; ``local``: the size of each factor's block on one GPU.

    ``repeated``: how many GPUs do the very same work (atoms that split nothing).
    """

    rule: tuple[Factor, ...]
    local: Mapping[str, int]
    work: Work
    repeated: int


def local_compute(statement: Compute, program: Spmd) -> LocalCompute:
    """The work of one GPU for a statement, from its way of being split."""
    op, sizes = statement.op, program.sizes
    types = operand_types(statement, program)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    local = {factor.name: _extent(factor, sizes) for factor in rule}
    busy = 1
    for atom, factor in statement.way:
        busy *= program.mesh.sizes[atom]
        if factor in local:
            local[factor] //= program.mesh.sizes[atom]
    work = local_work(op.kind, types, op.type, rule, local)
    return LocalCompute(rule, local, work, program.mesh.devices // busy)


def operand_types(statement: Compute, program: Spmd) -> tuple[TensorType, ...]:
    """The global types of a statement's operands; a number's is ``NUMBER``."""
    return tuple(
        program.types[operand] if isinstance(operand, str) else NUMBER
        for operand in statement.op.operands
    )


def roofline_picoseconds(statement: Compute, program: Spmd) -> int:
    """Time of one operator on one GPU by the roofline of ``price.compute``."""
    types = operand_types(statement, program)
    dtype = next((t.dtype for t in types if t != NUMBER), statement.op.type.dtype)
    work = local_compute(statement, program).work
    dense = OPS[statement.op.kind].work == "matmul"
    return compute_picoseconds(work, dtype, program.cluster.gpu, dense=dense)


def _extent(factor: Factor, sizes: Mapping[str, int]) -> int:
    dims = [dim for dim in (*factor.operands, factor.result) if dim is not None]
    return sizes[dims[0]] if dims else sizes[factor.name]
