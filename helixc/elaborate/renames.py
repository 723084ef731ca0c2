"""``rename``: other names for the dimensions of a value, products on either side."""

from __future__ import annotations

import math

from helixc.elaborate.application import Results
from helixc.elaborate.arrows import Reshaping, dims_of_value, names_of, targets
from helixc.elaborate.dimensions import MOST_FACTORS, Dims, TooManyFactors, leaves, show
from helixc.elaborate.drafts import Names, Value
from helixc.elaborate.products import Pairs, Unfit, regroup, relabel
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.ops import Renamed

_NOTHING: Results = (None,)


def rename(reshaping: Reshaping) -> Results:
    """``rename(x, seq -> key, head_dim -> half * pair)``."""
    use = reshaping.use
    values = use.values() if use.takes(1) else None
    if values is None:
        return _NOTHING
    if not reshaping.arrows:
        reshaping.wrong("HX0314", "`rename` needs an arrow, as in `seq -> key`", use.call.span)
        return _NOTHING
    mapped = [_mapped(reshaping, arrow, values[0]) for arrow in reshaping.arrows]
    known = [one for one in mapped if one is not None]
    if len(known) < len(mapped) or not _disjoint(reshaping, [left for left, _ in known]):
        return _NOTHING
    pairs = tuple(pair for _, pairs in known for pair in pairs)
    return (renamed(reshaping, values[0], pairs),)


def renamed(reshaping: Reshaping, value: Value, written: Pairs) -> Value | None:
    """A value with other leaves for some of its own; None after a finding."""
    use, pairs = reshaping.use, _final(written)
    target = dict(pairs)
    dims = tuple(target.get(leaf, leaf) for leaf in leaves(value.dims))
    if len(set(dims)) < len(dims):
        message = f"the result would have a dimension twice: {show(dims)}"
        reshaping.wrong("HX0310", message, use.call.span)
        return None
    result = use.builder.new_value(value.dtype, dims, position=value.position)
    result.adapts = value.adapts

    def params(names: Names) -> Renamed:
        return Renamed(tuple((names((a,))[0], names((b,))[0]) for a, b in _final(pairs)))

    return use.builder.emit("rename", (value,), result, use.call.span, params=params)


def _final(pairs: Pairs) -> Pairs:
    """The pairs as of now: what was divided since stands as pairs of factors."""
    return tuple(
        (one, other)
        for a, b in pairs
        for one, other in zip(leaves((a,)), leaves((b,)), strict=True)
        if one is not other
    )


def _mapped(reshaping: Reshaping, arrow: source.Arrow, value: Value) -> tuple[Dims, Pairs] | None:
    left_names = names_of(reshaping, arrow.left, "*")
    right_names = names_of(reshaping, arrow.right, "*")
    if left_names is None or right_names is None:
        return None
    left = dims_of_value(reshaping, left_names, value)
    if left is None:
        _forget_new(reshaping, right_names)
        return None
    right = targets(reshaping, right_names, math.prod(dim.size for dim in left), "*")
    if right is None:
        return None
    pairs = paired(reshaping, arrow, left, right)
    return None if pairs is None else (left, pairs)


def paired(reshaping: Reshaping, arrow: source.Arrow, left: Dims, right: Dims) -> Pairs | None:
    """Leaf by leaf what the two sides of an arrow have in common; None after a finding."""
    try:
        if len(left) == len(right) == 1:
            right[0].fresh = False
            pairs = relabel(left, right)
        else:
            pairs = regroup(left, right)
    except TooManyFactors:
        message = f"an arrow has at most {MOST_FACTORS} factors on both sides together"
        reshaping.wrong("HX0316", message, arrow.span)
        return None
    if isinstance(pairs, Unfit):
        _report_unfit(reshaping, arrow, pairs)
        return None
    return pairs


def _forget_new(reshaping: Reshaping, names: tuple[source.Name, ...]) -> None:
    """After an error on the left, take a new name on the right as known, but wrong."""
    for name in names:
        if not reshaping.environment.use_dim(name)[0]:
            reshaping.environment.declare_dim(name, None)


def _report_unfit(reshaping: Reshaping, arrow: source.Arrow, unfit: Unfit) -> None:
    left, right = (
        " * ".join(f"{dim.name} ({dim.size})" for dim in dims) for dims in (unfit.left, unfit.right)
    )
    message = f"factors {left} and {right} do not nest: no common refinement divides both"
    reshaping.wrong("HX0312", message, arrow.span)


def _disjoint(reshaping: Reshaping, sides: list[Dims]) -> bool:
    """Whether no dimension is renamed twice; if one is, a finding."""
    seen: set[object] = set()
    for side in sides:
        twice = [leaf.name for leaf in leaves(side) if leaf in seen]
        if twice:
            message = f"{quoted(twice)} is renamed twice"
            reshaping.wrong("HX0310", message, reshaping.use.call.span)
            return False
        seen.update(leaves(side))
    return True
