"""Operators that work over dimensions: products, reductions, softmax and norms."""

from __future__ import annotations

from helixc.elaborate.application import Application, Results, label, positional, shared
from helixc.elaborate.dimensions import Dims, leaves
from helixc.elaborate.drafts import Value
from helixc.elaborate.elementwise import adapted, dtypes_agree, elementwise, floating
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.ops import OPS, Norm
from helixc.ir.rules import widest

_NOTHING: Results = (None,)
_DEFAULT_EPS = Quantity(1e-5)


def matmul(use: Application) -> Results:
    """``matmul(a, b, over d)``: sums over ``d``, keeps every other dimension."""
    values = _two_values(use)
    if values is None:
        return _NOTHING
    if not use.call.over:
        _report_no_over(use, values)
        return _NOTHING
    if not use.has_over(values) or not dtypes_agree(use.builder, values, use.call.span):
        return _NOTHING
    if all(value.dtype == "bool" for value in values):
        return _bool_refused(use)
    return (_contracted(use, "matmul", values),)


def _report_no_over(use: Application, values: tuple[Value, ...]) -> None:
    names = shared(values)
    one, other = (_short(argument) for argument in positional(use.call))
    both = "they share none"
    if names:
        both = f"both have {quoted(names)}, as in `matmul({one}, {other}, over {names[-1]})`"
    message = f"over which dimension? {both}; `outer({one}, {other})` multiplies without a sum"
    use.findings.error("HX0302", message, use.call.span, legal=names)


def outer(use: Application) -> Results:
    """``outer(a, b)``: the product of every element of one with every element of the other."""
    values = _two_values(use)
    if values is None or not dtypes_agree(use.builder, values, use.call.span):
        return _NOTHING
    if all(value.dtype == "bool" for value in values):
        return _bool_refused(use)
    return (_contracted(use, "outer", values),)


def _two_values(use: Application) -> tuple[Value, ...] | None:
    return use.values() if use.takes(2) else None


def reduction(use: Application) -> Results:
    """``sum(x, over d)`` and the like: the dimensions of ``over`` disappear."""
    value = _one_value(use)
    if value is None:
        return _NOTHING
    kind = use.name
    truth = OPS[kind].result == "bool"
    if (value.dtype == "bool") != truth:
        needed = "values of true and false" if truth else "numbers"
        message = f"`{kind}` needs {needed}, not {value.dtype}"
        use.findings.error("HX0311", message, use.call.span)
        return _NOTHING
    if kind == "mean":
        value = _floating(use, value)
    return (_contracted(use, kind, (value,)),)


def extreme(use: Application) -> Results:
    """``max(x, over d)`` reduces; ``max(a, b)`` compares element by element."""
    if use.call.over:
        return reduction(use)
    if len(use.operands) == 1:
        _report_missing_over(use)
        return _NOTHING
    kind = "minimum" if use.name == "min" else "maximum"
    result = use.operands[0]
    for operand in use.operands[1:]:
        made = elementwise(use.builder, kind, (result, operand), use.call.span)
        if made is None:
            return _NOTHING
        result = made
    return (result,)


def normalised(use: Application) -> Results:
    """``softmax(x, over d)`` and the norms: the result has the dimensions of ``x``."""
    value = _one_value(use)
    if value is None:
        return _NOTHING
    params = None
    if OPS[use.name].params is Norm:
        params = Norm(use.keywords.get("eps", _DEFAULT_EPS).number)
    value = _floating(use, value)
    result = use.builder.new_value(value.dtype, value.dims, position=value.position)
    result.adapts = value.adapts
    over = leaves(use.over)
    span = use.call.span
    return (use.builder.emit(use.name, (value,), result, span, over=over, params=params),)


def _one_value(use: Application) -> Value | None:
    if not use.takes(1):
        return None
    values = use.values()
    if values is None:
        return None
    if not use.call.over:
        _report_missing_over(use)
        return None
    return values[0] if use.has_over(values) else None


def _report_missing_over(use: Application) -> None:
    names = shared([v for v in use.operands if isinstance(v, Value)])
    message = f"over which dimension? the operand has {quoted(names) or 'none'}"
    argument = _short(positional(use.call)[0])
    message += f", as in `{use.name}({argument}, over {names[-1]})`" if names else ""
    use.findings.error("HX0302", message, use.call.span, legal=names)


def _short(argument: source.Expr) -> str:
    """An argument where a call is shown as it could be written."""
    return label(argument).strip("`") if isinstance(argument, source.Name | source.Call) else "..."


def _bool_refused(use: Application) -> Results:
    message = f"`{use.name}` needs numbers; convert true and false first, as `f32(...)` does"
    use.findings.error("HX0311", message, use.call.span)
    return _NOTHING


def _floating(use: Application, value: Value) -> Value:
    made = floating(use.builder, value, use.call.span)
    return made if isinstance(made, Value) else value


def _contracted(use: Application, kind: str, values: tuple[Value, ...]) -> Value:
    over: Dims = leaves(use.over)
    values = tuple(v for v in adapted(use.builder, values, use.call.span) if isinstance(v, Value))
    gone = set(over)
    kept = dict.fromkeys(dim for v in values for dim in leaves(v.dims) if dim not in gone)
    dtype = "bool" if OPS[kind].result == "bool" else widest([value.dtype for value in values])
    position = all(value.position for value in values)
    result = use.builder.new_value(dtype, tuple(kept), position=position)
    result.adapts = all(value.adapts for value in values)
    return use.builder.emit(kind, values, result, use.call.span, over=over)
