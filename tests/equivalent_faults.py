"""Why a fault that nothing catches changes nothing."""

from __future__ import annotations

from spmd_faults import Fault

from helixc.ir.layout import AllReduce
from helixc.ir.ops import Number
from helixc.ir.spmd import Compute, Move, SpmdStatement, walk

_COMMUTATIVE = ("and", "or", "eq", "ne", "minimum", "maximum")


def reason(fault: Fault) -> str:
    """The reason, or that the program gives every value of the model by another road."""
    before, after = fault.statement, _statement(fault)
    if isinstance(after, Move):
        if isinstance(after.step, AllReduce):
            return "a sum is the same along its axes in any order"
        return "the copy that is read instead is equal"
    if isinstance(before, Compute) and isinstance(after, Compute):
        return _of_operators(fault.kind, before, after)
    return "every value of the model came out equal"


def _of_operators(kind: str, before: Compute, after: Compute) -> str:
    op = after.op
    if kind == "swap the operands" and op.kind in _COMMUTATIVE:
        return "the operator is commutative"
    if kind == "another operator" and len(set(op.operands)) < len(op.operands):
        return "both operands are one value, of which it is the least and the largest"
    if kind == "another operator" and any(o in (Number(1), Number(-1)) for o in op.operands):
        return "to divide by 1 or -1 is to multiply by it"
    if kind == "read another value":
        return "the value that is read instead gives equal results (a copy, a mask, an identity)"
    del before
    return "every value of the model came out equal"


def _statement(fault: Fault) -> SpmdStatement:
    return next(s for s in walk(fault.program.body) if getattr(s, "result", None) == fault.value)
