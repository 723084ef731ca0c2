"""``concat`` and ``split``: dimensions that lie end to end; and ``index``."""

from __future__ import annotations

import math

from helixc.elaborate.application import Results, label, positional
from helixc.elaborate.arrows import (
    Reshaping,
    dims_of_value,
    is_axis,
    names_of,
    places_known,
    targets,
    terms,
)
from helixc.elaborate.dimensions import Dimension, Dims, leaves, show
from helixc.elaborate.drafts import Names, Value
from helixc.elaborate.elementwise import broadcast, dtypes_agree
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.ops import Cut, Joined, Position
from helixc.ir.rules import widest

_NOTHING: Results = (None,)


def index(reshaping: Reshaping) -> Results:
    """``index(d)``: the position along ``d``, a value that spreads over anything."""
    use = reshaping.use
    names = positional(use.call)
    if len(names) != 1 or not isinstance(names[0], source.Name) or reshaping.arrows:
        reshaping.wrong("HX0211", "`index` takes one dimension, as in `index(seq)`", use.call.span)
        return _NOTHING
    dim = reshaping.environment.dim(names[0])
    if dim is None or not is_axis(use.findings, dim, names[0].span):
        return _NOTHING
    if not places_known(use.findings, dim, names[0]):
        return _NOTHING
    result = use.builder.new_value("i32", (dim,), position=True)
    result.adapts = True
    span = use.call.span
    return (
        use.builder.emit("index", (), result, span, params=lambda names: Position(names((dim,)))),
    )


def concat(reshaping: Reshaping) -> Results:
    """``concat(a, b, x + y -> z)``: the terms in the order of the values, 1 where one has none."""
    use = reshaping.use
    values = use.values()
    arrow = reshaping.one_arrow()
    if values is None or arrow is None or not dtypes_agree(use.builder, values, use.call.span):
        return _NOTHING
    parts = _parts(reshaping, arrow, values)
    right = names_of(reshaping, arrow.right, "+")
    if parts is None or right is None:
        return _NOTHING
    if len(right) != 1:
        reshaping.wrong("HX0314", "`concat` joins into one dimension", arrow.right.span)
        return _NOTHING
    sizes = [math.prod(dim.size for dim in part) for part in parts]
    joined = targets(reshaping, right, sum(sizes), "+")
    if joined is None:
        return _NOTHING
    return _joined(reshaping, values, parts, joined[0])


def _parts(
    reshaping: Reshaping, arrow: source.Arrow, values: tuple[Value, ...]
) -> list[Dims] | None:
    """For each value the dimension that is joined, () for a term 1; None after findings."""
    found = terms(arrow.left, "+")
    if len(found) != len(values):
        message = f"{plural(len(values), 'value')}, but {plural(len(found), 'term')} before `->`"
        reshaping.wrong("HX0314", message, arrow.left.span)
        return None
    parts: list[Dims] = []
    for position, term in enumerate(found):
        if isinstance(term, source.Number) and term.value == 1 and not term.unit:
            parts.append(())
        elif isinstance(term, source.Name):
            dims = dims_of_value(reshaping, (term,), values[position], position)
            if dims is not None:
                parts.append(dims)
        else:
            message = "a term is a dimension, or 1 for a value that has none"
            reshaping.wrong("HX0314", message, term.span)
    return parts if len(parts) == len(values) else None


def _joined(
    reshaping: Reshaping, values: tuple[Value, ...], parts: list[Dims], joined: Dimension
) -> Results:
    use = reshaping.use
    whole = set(leaves((joined,)))
    for value, argument in zip(values, positional(use.call), strict=True):
        if whole & set(leaves(value.dims)):
            message = f"{label(argument)} has `{joined.name}` already: {show(value.dims)}"
            reshaping.wrong("HX0310", message, use.call.span)
            return _NOTHING
    rests = [_without(value, part) for value, part in zip(values, parts, strict=True)]
    rest = broadcast(use.builder, rests, use.call.span)
    if rest is None:
        return _NOTHING
    kept = [leaf for part in parts for leaf in leaves(part) if leaf in leaves(rest)]
    if kept:
        message = (
            f"`{kept[0].name}` is joined end to end and goes away, but another value keeps it; "
        )
        message += f"first `rename` one of them, `{kept[0].name} -> ...`"
        reshaping.wrong("HX0310", message, use.call.span)
        return _NOTHING
    dtype = widest([value.dtype for value in values])
    position = all(value.position for value in values)
    result = use.builder.new_value(dtype, (*rest, joined), position=position)
    pieces = [(part, math.prod(dim.size for dim in part)) for part in parts]

    def params(names: Names) -> Joined:
        return Joined(names((joined,)), tuple((names(part), size) for part, size in pieces))

    return (use.builder.emit("concat", values, result, use.call.span, params=params),)


def _without(value: Value, part: Dims) -> Value:
    """A stand-in for a value without the dimension that is joined."""
    gone = set(leaves(part))
    dims = tuple(leaf for leaf in leaves(value.dims) if leaf not in gone)
    return Value(value.dtype, dims, 0, position=value.position)


def split(reshaping: Reshaping) -> Results:
    """``split(x, z -> x + y)``: one value for each term, in order."""
    use = reshaping.use
    values = use.values() if use.takes(1) else None
    arrow = reshaping.one_arrow()
    if values is None or arrow is None:
        return _NOTHING
    left = names_of(reshaping, arrow.left, "*")
    right = names_of(reshaping, arrow.right, "+")
    if left is None or right is None:
        return _NOTHING
    if len(left) != 1:
        reshaping.wrong("HX0314", "`split` cuts one dimension", arrow.left.span)
        return (None,) * len(right)
    source_dims = dims_of_value(reshaping, left, values[0])
    if source_dims is None:
        return (None,) * len(right)
    pieces = targets(reshaping, right, source_dims[0].size, "+")
    if pieces is None:
        return (None,) * len(right)
    return _cut(reshaping, values[0], source_dims[0], pieces)


def _cut(reshaping: Reshaping, value: Value, whole: Dimension, pieces: Dims) -> Results:
    results: list[Value | None] = []
    start = 0
    for piece in pieces:
        results.append(_piece(reshaping, value, whole, piece, start))
        start += piece.size
    return tuple(results)


def _piece(
    reshaping: Reshaping, value: Value, whole: Dimension, piece: Dimension, start: int
) -> Value | None:
    use = reshaping.use
    rest = _without(value, (whole,)).dims
    if set(leaves((piece,))) & set(rest):
        message = f"the operand has `{piece.name}` already: {show(value.dims)}"
        reshaping.wrong("HX0310", message, use.call.span)
        return None
    result = use.builder.new_value(value.dtype, (*rest, piece), position=value.position)

    def params(names: Names) -> Cut:
        return Cut(names((whole,)), names((piece,)), start)

    return use.builder.emit("split", (value,), result, use.call.span, params=params)
