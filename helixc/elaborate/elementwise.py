"""Operators that work element by element: dtypes, and broadcasting by name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from helixc.diagnostics import Span
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dims, leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import quoted
from helixc.ir.ops import Cast
from helixc.ir.rules import widest
from helixc.ir.tensor import FLOATING

# What an operator of the source is in the operator table.
BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "**": "pow",
    "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
    "and": "and", "or": "or",
}  # fmt: skip
_LOGIC = frozenset(["and", "or", "not"])
_COMPARE = frozenset(["eq", "ne", "lt", "le", "gt", "ge"])
# Whole numbers are converted before these, whose results are not whole.
_FRACTIONAL = frozenset(
    ["div", "sqrt", "rsqrt", "exp", "log", "tanh", "sigmoid", "gelu", "gelu_tanh", "silu",
     "softplus", "sin", "cos"]
)  # fmt: skip


def elementwise(
    builder: Builder, kind: str, operands: Sequence[Operand], span: Span
) -> Value | None:
    """Apply an operator element by element; None after a finding."""
    values = [operand for operand in operands if isinstance(operand, Value)]
    data = operands[1:] if kind == "where" else operands
    if not _dtypes_fit(builder, kind, operands, span):
        return None
    dims = broadcast(builder, values, span)
    if dims is None:
        return None
    if _needs_floating(kind, data):
        data = [floating(builder, operand, span) for operand in data]
    data = adapted(builder, data, span)
    operands = (operands[0], *data) if kind == "where" else tuple(data)
    position = all(value.position for value in values)
    result = builder.new_value(_result_dtype(kind, data), dims, position=position)
    result.adapts = all(value.adapts for value in values)
    return builder.emit(kind, tuple(operands), result, span)


def _result_dtype(kind: str, data: Sequence[Operand]) -> str:
    if kind in _LOGIC or kind in _COMPARE:
        return "bool"
    return widest([operand.dtype for operand in data if isinstance(operand, Value)])


def _dtypes_fit(builder: Builder, kind: str, operands: Sequence[Operand], span: Span) -> bool:
    if kind == "where":
        condition, *data = operands
        if not _is_truth(condition):
            message = "`where` needs a condition of true and false: a comparison, for example"
            builder.findings.error("HX0311", message, span)
            return False
        return dtypes_agree(builder, data, span)
    truths = [_is_truth(operand) for operand in operands]
    if kind in _LOGIC and not all(truths):
        message = f"`{kind}` needs values of true and false, and not {_shown(operands)}"
        builder.findings.error("HX0311", message, span)
        return False
    if kind not in _LOGIC and kind not in ("eq", "ne") and all(truths):
        message = f"`{kind}` needs numbers; convert true and false first, as `f32(...)` does"
        builder.findings.error("HX0311", message, span)
        return False
    return dtypes_agree(builder, operands, span)


def _is_truth(operand: Operand) -> bool:
    if isinstance(operand, Value):
        return operand.dtype == "bool"
    return operand.truth is not None


def _shown(operands: Sequence[Operand]) -> str:
    return ", ".join(o.dtype if isinstance(o, Value) else str(o) for o in operands)


def dtypes_agree(builder: Builder, operands: Sequence[Operand], span: Span) -> bool:
    """Whether the dtypes have a widest one; `bf16` with `f16` is a finding."""
    dtypes = {operand.dtype for operand in operands if isinstance(operand, Value)}
    if {"bf16", "f16"} <= dtypes:
        message = "`bf16` and `f16` meet here, and neither holds the other; convert one"
        builder.findings.error("HX0311", message, span, legal=("bf16(...)", "f16(...)", "f32(...)"))
        return False
    return True


def _needs_floating(kind: str, operands: Sequence[Operand]) -> bool:
    """Whether whole numbers must be converted, because the result is not whole."""
    values = [operand for operand in operands if isinstance(operand, Value)]
    if not values or any(value.dtype in FLOATING for value in values):
        return False
    if kind in _LOGIC or kind in _COMPARE:
        return False
    if kind in _FRACTIONAL:
        return True
    numbers = [operand for operand in operands if isinstance(operand, Quantity)]
    if kind == "pow":
        exponent = operands[1]
        whole = exponent.whole if isinstance(exponent, Quantity) else None
        return whole is None or whole < 0
    return any(number.truth is None and number.whole is None for number in numbers)


def adapted(builder: Builder, operands: Sequence[Operand], span: Span) -> list[Operand]:
    """The operands, those that adapt in the floating-point dtype of the others."""
    fixed = [o.dtype for o in operands if isinstance(o, Value) and not o.adapts]
    if not any(dtype in FLOATING for dtype in fixed):
        return [*operands]
    dtype = widest(fixed)
    return [
        convert(builder, operand, dtype, span)
        if isinstance(operand, Value) and operand.adapts and operand.dtype in FLOATING
        else operand
        for operand in operands
    ]


def floating(builder: Builder, operand: Operand, span: Span) -> Operand:
    """The operand as a floating-point value, if it is a value of whole numbers."""
    if isinstance(operand, Quantity) or operand.dtype in FLOATING:
        return operand
    result = convert(builder, operand, "f32", span)
    result.adapts = operand.adapts
    return result


def convert(builder: Builder, value: Value, dtype: str, span: Span) -> Value:
    """The value in another dtype."""
    if value.dtype == dtype:
        return value
    result = builder.new_value(dtype, value.dims, position=value.position)
    return builder.emit("cast", (value,), result, span, params=Cast(dtype))


def broadcast(builder: Builder, values: Sequence[Value], span: Span) -> Dims | None:
    """The dimensions of an elementwise result; None, and a finding, where no operand has them all.

    Position values spread over anything; of the others one must have all dimensions of the rest.
    """
    bound = [leaves(value.dims) for value in values if not value.position]
    union = _union(bound)
    if bound and not any(len(dims) == len(union) for dims in bound):
        _report_unfit(builder, bound, span)
        return None
    positions = [leaves(value.dims) for value in values if value.position]
    return _union(sorted(bound, key=len, reverse=True) + positions)


def _union(all_dims: Sequence[Dims]) -> Dims:
    if len(all_dims) == 1:
        return all_dims[0]
    return tuple(dict.fromkeys(dim for dims in all_dims for dim in dims))


def _report_unfit(builder: Builder, bound: Sequence[Dims], span: Span) -> None:
    left, right = next(
        (one, other)
        for one, other in combinations(bound, 2)
        if not set(one) <= set(other) and not set(other) <= set(one)
    )
    only_left = quoted(dim.name for dim in left if dim not in right)
    only_right = quoted(dim.name for dim in right if dim not in left)
    message = (
        f"{show(left)} and {show(right)}: neither has all dimensions of the other, "
        f"{only_left} only left, {only_right} only right; `rename` one, or `outer`"
    )
    builder.findings.error("HX0303", message, span)
