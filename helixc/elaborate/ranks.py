"""``top_k``: the largest elements along one dimension, and where they stand."""

from __future__ import annotations

from helixc.elaborate.application import Results
from helixc.elaborate.arrows import Reshaping, dims_of_value, is_axis, names_of
from helixc.elaborate.dimensions import Dimension, Dims, leaves, show
from helixc.elaborate.drafts import Names, Value
from helixc.elaborate.takes import exchanged, pick
from helixc.ir import source
from helixc.ir.ops import Cut
from helixc.spelling import did_you_mean

_NOTHING: Results = (None, None)


def top_k(reshaping: Reshaping) -> Results:
    """The largest elements and their places, along ``expert -> pick``; the size of ``pick`` says how many."""
    use = reshaping.use
    values = use.values() if use.takes(1) else None
    arrow = reshaping.one_arrow()
    if values is None or arrow is None:
        return _NOTHING
    (value,) = values
    if value.dtype == "bool":
        message = "`top_k` needs numbers; convert true and false first, as `f32(...)` does"
        reshaping.wrong("HX0311", message, use.call.span)
        return _NOTHING
    left = names_of(reshaping, arrow.left, "*")
    right = names_of(reshaping, arrow.right, "*")
    if left is None or right is None:
        return _NOTHING
    if len(left) != 1 or len(right) != 1:
        reshaping.wrong("HX0314", "`top_k` ranks along one dimension, into one", arrow.span)
        return _NOTHING
    ranked = dims_of_value(reshaping, left, value)
    picks = None if ranked is None else _picks(reshaping, right[0], value, ranked)
    return _NOTHING if ranked is None or picks is None else _ranked(reshaping, value, ranked, picks)


def _picks(reshaping: Reshaping, name: source.Name, value: Value, ranked: Dims) -> Dimension | None:
    """The dimension of the elements that are picked; None after a finding."""
    known, dim = reshaping.environment.use_dim(name)
    if not known:
        legal = reshaping.environment.dim_names()
        message = f"no dimension `{name.text}` here, and its size says how many are picked; "
        message += f"declare it, as in `dim {name.text} = 2`{did_you_mean(name.text, legal)}"
        reshaping.findings.error("HX0202", message, name.span, legal=legal)
        return None
    if dim is None or not is_axis(reshaping.findings, dim, name.span):
        return None
    if set(leaves((dim,))) & set(leaves(value.dims)):
        message = f"the operand has `{dim.name}` already: {show(value.dims)}"
        reshaping.wrong("HX0310", message, name.span)
        return None
    if dim.size > ranked[0].size:
        message = f"`{dim.name}` is {dim.size}, but `{ranked[0].name}` has only {ranked[0].size} "
        reshaping.wrong("HX0309", message + "elements to pick from", name.span)
        return None
    return dim


def _ranked(reshaping: Reshaping, value: Value, ranked: Dims, picks: Dimension) -> Results:
    """The places of the largest, and these themselves, looked up there."""
    builder, span = reshaping.use.builder, reshaping.use.call.span

    def params(names: Names) -> Cut:
        return Cut(names(ranked), names((picks,)), 0)

    dims = exchanged(value.dims, ranked, (picks,))
    places = builder.new_value("i32", dims, position=value.position)
    builder.emit("top_k", (value,), places, span, params=params)
    return (pick(builder, value, places, ranked, span), places)
