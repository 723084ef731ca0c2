"""Time of one operator on one GPU: which kernel runs, and what it is bound by.

The one place that turns an operator's local sizes into a price; the choice, the report and the columns
of plans all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.ir.attention import AttentionShape
from helixc.ir.hardware import Gpu
from helixc.ir.rules import Factor
from helixc.ir.tensor import NUMBER, TensorType
from helixc.ir.work import Arithmetic
from helixc.price.compute import PICOSECONDS, Work, local_work
from helixc.price.interval import Price, exactly
from helixc.price.shapes import matmul_shape


@attrs.frozen
class LocalOperator:
    """An operator as one GPU runs it: its factor rule, and the size of each factor's block there.

    ``arithmetic`` is what it computes, and what its factors are to an attention if it is one.
    """

    arithmetic: Arithmetic
    types: Sequence[TensorType]
    result: TensorType
    rule: Sequence[Factor]
    local: Mapping[str, int]

    @property
    def is_product(self) -> bool:
        """Whether it is one matrix product of two operands and nothing else."""
        match [term.matrix for term in self.arithmetic.terms], self.types:
            case [True], [_, _]:
                return True
            case _:
                return False

    @property
    def attention(self) -> AttentionShape | None:
        """Its sizes as an attention, if it is a kernel that is one."""
        found = self.arithmetic.attention
        return None if found is None else found.shape(self.local)

    @property
    def dtype(self) -> str:
        """The dtype in which it computes: its first operand's."""
        return next((t.dtype for t in self.types if t != NUMBER), self.result.dtype)

    @property
    def work(self) -> Work:
        """FLOPs, and bytes read and written."""
        return local_work(self.arithmetic.terms, self.types, self.result, self.rule, self.local)


def operator_price(operator: LocalOperator, gpu: Gpu) -> Price:
    """The price of one operator on one GPU.

    A roofline: arithmetic against memory, each at the share that good kernels reach, and a launch
    (Williams, Waterman and Patterson, CACM 52(4), 2009).
    """
    work = operator.work
    if not work.bytes:
        return exactly(0, "latency")
    measured = _measured(operator, gpu)
    if measured is not None:
        return exactly(round(measured * PICOSECONDS), "flops")
    moving = work.bytes / (gpu.bandwidth * gpu.bandwidth_fraction)
    computing = _computing(operator, work, gpu)
    seconds = max(moving, computing) + gpu.launch_seconds
    bound = "flops" if computing > moving else "bandwidth"
    if gpu.launch_seconds > max(moving, computing):
        bound = "latency"
    return exactly(round(seconds * PICOSECONDS), bound)


def least_picoseconds(operator: LocalOperator, gpu: Gpu, devices: int) -> int:
    """Less than any way of sharing an operator among ``devices`` GPUs takes.

    ``local`` holds the whole sizes.  Nothing but the work itself counts, evenly shared: no launch, no
    tile that is not full.  A user's own times know no bound.
    """
    if gpu.get_time is not None and operator.is_product:
        return 0
    work = operator.work
    moving = work.bytes / (gpu.bandwidth * gpu.bandwidth_fraction)
    return int(max(moving, _computing(operator, work, gpu)) / devices * PICOSECONDS)


def _measured(operator: LocalOperator, gpu: Gpu) -> float | None:
    """The user's own time of a matrix product, if there is one for just this shape."""
    if gpu.get_time is None or not operator.is_product:
        return None
    shape = matmul_shape(operator.rule, operator.local)
    return gpu.get_time(shape.m, shape.k, shape.n, shape.batch, operator.dtype)


def _computing(operator: LocalOperator, work: Work, gpu: Gpu) -> float:
    if not work.matrix_flops:
        return 0.0  # what the matrix units do not do is hidden behind the memory
    return work.matrix_flops / (gpu.peak(operator.dtype) * gpu.compute_fraction)
