"""``take``: elements of a value, picked along one dimension by an index or a number."""

from __future__ import annotations

from helixc.diagnostics import Span
from helixc.elaborate.application import Results, label, positional
from helixc.elaborate.arrows import Reshaping, dims_of_value
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dims, leaves, show
from helixc.elaborate.drafts import Operand, Value
from helixc.ir import source
from helixc.ir.rules import counts

_NOTHING: Results = (None,)


def take(reshaping: Reshaping) -> Results:
    """``take(table, vocab = tokens)``: for every token its row; a number picks a single element."""
    use = reshaping.use
    values = use.values() if use.takes(1) else None
    if values is None:
        return _NOTHING
    if len(reshaping.keyed) != 1 or reshaping.arrows:
        message = "`take` takes a value and one dimension with an index along it, as in "
        message += "`take(table, vocab = tokens)`"
        reshaping.wrong("HX0211", message, use.call.span)
        return _NOTHING
    (keyword, index), value = reshaping.keyed[0], values[0]
    taken = dims_of_value(reshaping, (keyword.name,), value)
    if taken is None or not _fits(reshaping, keyword, value, index, taken):
        return _NOTHING
    return (pick(use.builder, value, index, taken, use.call.span),)


def pick(builder: Builder, value: Value, index: Operand, taken: Dims, span: Span) -> Value:
    """The elements of a value at some places along a dimension that it has."""
    dims = exchanged(value.dims, taken, index.dims if isinstance(index, Value) else ())
    position = value.position and (not isinstance(index, Value) or index.position)
    result = builder.new_value(value.dtype, dims, position=position)
    result.adapts = value.adapts
    return builder.emit("take", (value, index), result, span, over=taken)


def exchanged(have: Dims, old: Dims, new: Dims) -> Dims:
    """Leaves with those of ``new`` that are not among them in the place of those of ``old``."""
    own, gone = leaves(have), leaves(old)
    came = tuple(dim for dim in leaves(new) if dim not in own)
    kept = ((came if leaf is gone[0] else (leaf,)) for leaf in own if leaf not in gone[1:])
    return tuple(dim for some in kept for dim in some)


def _fits(
    reshaping: Reshaping, keyword: source.Keyword, value: Value, index: Operand, taken: Dims
) -> bool:
    """Whether an index can pick along a dimension of the value; if not, a finding."""
    name, span = keyword.name.text, keyword.value.span
    if value.dtype == "bool":
        message = "`take` needs numbers; convert true and false first, as `f32(...)` does"
        reshaping.wrong("HX0311", message, positional(reshaping.use.call)[0].span)
        return False
    if not isinstance(index, Value):
        last = taken[0].size - 1
        if index.truth is None and index.whole is not None and 0 <= index.whole <= last:
            return True
        message = f"`{name}` has the elements 0 to {last}, and this is {index}"
        reshaping.wrong("HX0317", message, span)
        return False
    if not counts(index.dtype):
        message = f"an index along `{name}` is a whole number, and {label(keyword.value)} is "
        message += f"{index.dtype}; declare or convert it"
        reshaping.findings.error("HX0311", message, span, legal=("i32", "i32(...)"))
        return False
    if set(leaves(taken)) & set(leaves(index.dims)):
        message = f"{label(keyword.value)} has `{name}` itself: it is {show(index.dims)}; what is "
        message += f"taken goes away, so first `rename` one of them, `{name} -> ...`"
        reshaping.wrong("HX0310", message, span)
        return False
    return True
