"""Why a fault that nothing catches changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spmd_faults import Fault

from helixc.ir.layout import AllReduce
from helixc.ir.ops import Number, Operand
from helixc.ir.spmd import Compute, Move, SpmdStatement, walk

_COMMUTATIVE = ("and", "or", "eq", "ne", "minimum", "maximum")


OTHER = "an identity, or a comparison with the same outcome for all numbers drawn"


def reason(fault: Fault, blocks: Mapping[str, NDArray[Any]]) -> str:
    """The reason, as far as it can be told; ``blocks`` are the values of the program without the fault."""
    before, after = fault.statement, _statement(fault)
    if isinstance(before, Move) and isinstance(after, Move):
        if isinstance(after.step, AllReduce):
            return "a sum over several axes is the same in any order of them"
        pairs = [(before.source, after.source)]
    elif isinstance(before, Compute) and isinstance(after, Compute):
        known = _of_operators(fault.kind, after)
        if known:
            return known
        pairs = list(zip(before.op.operands, after.op.operands, strict=True))
    else:
        pairs = []
    if fault.kind.startswith("read") and all(_equal(a, b, blocks) for a, b in pairs):
        return "what is read instead holds the same numbers"
    return OTHER


def _equal(one: Operand, other: Operand, blocks: Mapping[str, NDArray[Any]]) -> bool:
    if one == other:
        return True
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    left, right = blocks.get(one), blocks.get(other)
    if left is None or right is None or left.shape != right.shape:
        return False
    return bool(np.allclose(left.astype(float), right.astype(float), rtol=1e-9, equal_nan=True))


def _of_operators(kind: str, after: Compute) -> str:
    op = after.op
    if kind == "swap the operands" and op.kind in _COMMUTATIVE:
        return "the operator is commutative"
    if kind == "another operator" and len(set(op.operands)) < len(op.operands):
        return "both operands are one value, of which it is the least and the largest"
    if kind == "another operator" and any(o in (Number(1), Number(-1)) for o in op.operands):
        return "to divide by 1 or -1 is to multiply by it"
    return ""


def _statement(fault: Fault) -> SpmdStatement:
    return next(s for s in walk(fault.program.body) if getattr(s, "result", None) == fault.value)
