"""``shift`` and ``scan``: what runs along a sequence, one element after the other."""

from __future__ import annotations

from helixc.elaborate.application import Application, Results, label
from helixc.elaborate.dimensions import Dims, leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.elementwise import adapted, broadcast, dtypes_agree
from helixc.elaborate.takes import pick
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.rules import counts, widest

_NOTHING: Results = (None,)
_NO_STATES: Results = (None, None)


def shift(use: Application) -> Results:
    """``shift(x, by = n, over seq)``: what stood ``n`` places before; zeros come in at the beginning."""
    values = use.values() if use.takes(1) else None
    by = use.named.get("by")
    if values is None or not _one_dimension(use) or not use.has_over(values):
        return _NOTHING
    if by is None:
        message = "`shift` says by how many elements, as in `shift(x, by = 1, over seq)`"
        use.findings.error("HX0211", message, use.call.span)
        return _NOTHING
    if not _are_numbers(use, values) or not _counts_places(use, by):
        return _NOTHING
    value = values[0]
    dims = dict.fromkeys((*leaves(value.dims), *(leaves(by.dims) if isinstance(by, Value) else ())))
    position = value.position and (isinstance(by, Quantity) or by.position)
    result = use.builder.new_value(value.dtype, tuple(dims), position=position)
    result.adapts = value.adapts
    return (use.builder.emit("shift", (value, by), result, use.call.span, over=use.over),)


def _counts_places(use: Application, by: Operand) -> bool:
    """Whether something can say by how many places a value is shifted; if not, a finding."""
    name, written = use.call.over[0].text, _written(use, "by")
    if isinstance(by, Quantity):
        if by.whole is not None:
            return True
        message = f"`{name}` is shifted by whole elements, and this is {by}"
        use.findings.error("HX0317", message, written.span)
    elif not counts(by.dtype):
        message = f"`{name}` is shifted by whole elements, and {label(written)} is {by.dtype}"
        use.findings.error("HX0311", message, written.span, legal=("i32", "i32(...)"))
    elif set(leaves(use.over)) & set(leaves(by.dims)):
        message = (
            f"{label(written)} has `{name}` itself: it is {show(by.dims)}; all elements along "
        )
        message += f"`{name}` are shifted alike, `take` picks each from a place of its own"
        use.findings.error("HX0310", message, written.span)
    else:
        return True
    return False


def scan(use: Application) -> Results:
    """``scan(decay, step, from = h, over seq)``: all states h = decay * h + step, and the last one."""
    if not use.takes(2) or not _one_dimension(use):
        return _NO_STATES
    decay, step = use.operands
    start = use.named.get("from", Quantity(0.0))
    values = [operand for operand in (decay, step, start) if isinstance(operand, Value)]
    if not isinstance(step, Value):
        message = "`scan` adds steps along a dimension, and this is a number"
        use.findings.error("HX0315", message, use.call.span)
        return _NO_STATES
    along = [operand for operand in (decay, step) if isinstance(operand, Value)]
    if not use.has_over(along) or not _starts_before(use, start):
        return _NO_STATES
    if not _are_numbers(use, values) or not dtypes_agree(use.builder, values, use.call.span):
        return _NO_STATES
    dims = broadcast(use.builder, values, use.call.span)
    if dims is None:
        return _NO_STATES
    return _scanned(use, adapted(use.builder, (decay, step, start), use.call.span), dims)


def _scanned(use: Application, operands: list[Operand], dims: Dims) -> Results:
    values = [operand for operand in operands if isinstance(operand, Value)]
    position = all(value.position for value in values)
    states = use.builder.new_value(widest([v.dtype for v in values]), dims, position=position)
    states.adapts = all(value.adapts for value in values)
    span, over = use.call.span, use.over
    use.builder.emit("scan", tuple(operands), states, span, over=over)
    return (states, pick(use.builder, states, Quantity(over[0].size - 1), over, span))


def _starts_before(use: Application, start: Operand) -> bool:
    """Whether the first state, if it is a value, lacks the dimension that is scanned."""
    if isinstance(start, Quantity) or not set(leaves(use.over)) & set(leaves(start.dims)):
        return True
    written, name = _written(use, "from"), use.call.over[0].text
    message = f"{label(written)} is the state before the first one, but has `{name}`: "
    use.findings.error("HX0310", message + show(start.dims), written.span)
    return False


def _one_dimension(use: Application) -> bool:
    if len(use.over) == 1:
        return True
    names = quoted(name.text for name in use.call.over) or "none"
    message = f"`{use.name}` runs along one dimension, as in `over seq`; here: {names}"
    use.findings.error("HX0302", message, use.call.span)
    return False


def _are_numbers(use: Application, values: list[Value] | tuple[Value, ...]) -> bool:
    if all(value.dtype != "bool" for value in values):
        return True
    message = f"`{use.name}` needs numbers; convert true and false first, as `f32(...)` does"
    use.findings.error("HX0311", message, use.call.span)
    return False


def _written(use: Application, name: str) -> source.Expr:
    """What stands behind ``name =`` in the call."""
    found = (a for a in use.call.arguments if isinstance(a, source.Keyword) and a.name.text == name)
    return next(found).value
