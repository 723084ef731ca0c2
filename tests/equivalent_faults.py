"""Why a fault that nothing catches changes nothing."""

from __future__ import annotations

from spmd_faults import Fault

from helixc.ir.layout import AllReduce
from helixc.ir.ops import Number
from helixc.ir.spmd import Compute, Move, SpmdStatement, walk

_COMMUTATIVE = ("and", "or", "eq", "ne", "minimum", "maximum")


def reason(fault: Fault) -> str:
    """The reason; for a fault that random numbers miss although it is none, that it is missed."""
    before, after = fault.statement, _statement(fault)
    if isinstance(after, Move):
        if isinstance(after.step, AllReduce):
            return "a sum over several axes is the same in any order of them"
        return IDENTITY
    if isinstance(before, Compute) and isinstance(after, Compute):
        return _of_operators(fault.kind, after)
    return MISSED


IDENTITY = "an identity: what is read instead is equal, or adds 0, or shifts a softmax"
MISSED = "no equivalent: a threshold that no random number lies across"


def _of_operators(kind: str, after: Compute) -> str:
    op = after.op
    if kind == "swap the operands" and op.kind in _COMMUTATIVE:
        return "the operator is commutative"
    if kind == "another operator" and len(set(op.operands)) < len(op.operands):
        return "both operands are one value, of which it is the least and the largest"
    if kind == "another operator" and any(o in (Number(1), Number(-1)) for o in op.operands):
        return "to divide by 1 or -1 is to multiply by it"
    return MISSED if kind == "another number" else IDENTITY


def _statement(fault: Fault) -> SpmdStatement:
    return next(s for s in walk(fault.program.body) if getattr(s, "result", None) == fault.value)
