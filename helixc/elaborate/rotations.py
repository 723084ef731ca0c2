"""``rotate``: pairs of elements turned by angles, as rotary position embeddings do."""

from __future__ import annotations

from math import prod

from helixc.elaborate.application import Application, Results, label, positional, shared
from helixc.elaborate.dimensions import leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.elementwise import broadcast, floating
from helixc.elaborate.wording import quoted
from helixc.ir.ops import OPS

_NOTHING: Results = (None,)


def rotate(use: Application) -> Results:
    """``rotate(x, angle, over half)``: half has two elements, and ``angle`` is one for both."""
    values = use.values() if use.takes(2) else None
    if values is None:
        return _NOTHING
    value, angle = values
    if not use.call.over:
        message = "over which dimension? `rotate` needs the one that tells the elements of a pair"
        use.findings.error("HX0302", message, use.call.span, legal=shared((value,)))
        return _NOTHING
    if not use.has_over((value,)) or not _fits(use, value, angle):
        return _NOTHING
    span = use.call.span
    dims = broadcast(use.builder, values, span)
    if dims is None:
        return _NOTHING
    operands = tuple(floating(use.builder, operand, span) for operand in values)
    position = value.position and angle.position
    result = use.builder.new_value(_dtype(operands[0]), dims, position=position)
    result.adapts = value.adapts
    return (use.builder.emit("rotate", operands, result, span, over=leaves(use.over)),)


def _dtype(operand: Operand) -> str:
    return operand.dtype if isinstance(operand, Value) else "f32"


def _fits(use: Application, value: Value, angle: Value) -> bool:
    """Whether the dimensions and dtypes are those of pairs and angles; if not, a finding."""
    written, over = positional(use.call), leaves(use.over)
    size = prod(dim.size for dim in over)
    if size != OPS["rotate"].elements:
        message = f"a pair has two elements, and {quoted(d.name for d in use.over)} has {size}; "
        message += "`rename(x, d -> half * pair)` makes pairs"
        use.findings.error("HX0305", message, use.call.over[0].span)
        return False
    if set(over) & set(leaves(angle.dims)):
        message = "an angle is one for both elements of a pair, and "
        message += f"{label(written[1])} is {show(angle.dims)}"
        use.findings.error("HX0310", message, written[1].span)
        return False
    for operand, argument in zip((value, angle), written, strict=True):
        if operand.dtype == "bool":
            message = f"`rotate` turns numbers by numbers, and {label(argument)} is bool"
            use.findings.error("HX0311", message, argument.span, legal=("f32(...)",))
            return False
    return True
