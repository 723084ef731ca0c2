"""What an approximation *is*: the model that the program computes exactly, derived from the rewrite."""

from __future__ import annotations

import math

from helixc.ir.logical import Logical, Op, ancestors, walk
from helixc.ir.ops import Cut, Declared, Joined, Number, Params, Position, Renamed, Routed
from helixc.ir.plan import Approximation
from helixc.ir.tensor import Dim


def divided_dims(model: Logical, version: Logical) -> dict[str, tuple[Dim, ...]]:
    """For each dimension of the model that a version writes as a product: its factors, outermost first.

    Found by laying side by side what both write in order: declared types and lists of dimensions.
    """
    found: dict[str, tuple[Dim, ...]] = {}
    for value, op in model.makers.items():
        other = version.makers.get(value)
        if other is not None and other.params != op.params:
            lists = zip(_ordered(op.params), _ordered(other.params), strict=False)
            for dims, others in lists:
                found.update(_side_by_side(dims, others, model, version))
    return found


def _ordered(params: Params) -> tuple[tuple[str, ...], ...]:
    """The lists of dimensions in an operator's parameters."""
    match params:
        case Declared():
            return (params.type.dims,)
        case Renamed():
            return (tuple(a for a, _ in params.pairs), tuple(b for _, b in params.pairs))
        case Joined():
            return (params.dims, *(dims for dims, _ in params.parts))
        case Cut():
            return (params.source, params.dims)
        case Position():
            return (params.dims,)
        case Routed():
            sides = tuple(tuple(pair[i] for pair in params.pairs) for i in (0, 1))
            return (*sides, params.queue, params.slot, params.pick)
        case _:
            return ()


def _side_by_side(
    dims: tuple[str, ...], others: tuple[str, ...], model: Logical, version: Logical
) -> dict[str, tuple[Dim, ...]]:
    """Factors of the dimensions that only the first list has; {} where the lists do not correspond."""
    found: dict[str, tuple[Dim, ...]] = {}
    rest = [Dim(name, version.sizes[name]) for name in reversed(others)]
    for dim in dims:
        if rest and rest[-1].name == dim:
            rest.pop()
            continue
        factors: list[Dim] = []
        while rest and (len(factors) < _FEWEST or _size(factors) < model.sizes[dim]):
            factors.append(rest.pop())
        if _size(factors) != model.sizes[dim]:
            return {}
        found[dim] = tuple(factors)
    return {} if rest else found


# A segment and what is inside it.
_FEWEST = 2


def _size(factors: list[Dim]) -> int:
    return math.prod(factor.size for factor in factors)


def statement(model: Logical, version: Logical, approximation: Approximation) -> str:
    """Which model the approximation is, at full size, in words."""
    op, sizes = version.makers[approximation.value], version.sizes
    dim = dim_name(model, op.scope, approximation.dim)
    inner = sizes[approximation.inner]
    heads = _heads(model, version, approximation)
    scale = "scale unchanged" if _numbers(model) == _numbers(version) else "other numbers"
    if not heads:
        segments = sizes[approximation.segment]
        how = f"each of {segments} segments of {inner} is summed over on its own"
    else:
        count = sizes[approximation.segment] * math.prod(sizes[head] for head in heads)
        names = [dim_name(version, op.scope, head) for head in heads]
        how = f"segments count as {_plural(names)}: {count} of {inner}"
    return f"exactly the model in which {dim} is segment x inner and {how}, {scale}"


def _heads(model: Logical, version: Logical, approximation: Approximation) -> tuple[str, ...]:
    """The dimensions of the result that weights have beside the divided one: what it is a part of."""
    result = version.makers[approximation.value].type
    beside = {
        dim
        for op in model.stored.values()
        if approximation.dim in op.type.dims
        for dim in op.type.dims
    }
    return tuple(dim for dim in result.dims if dim in beside and dim != approximation.segment)


def dim_name(program: Logical, scope: int, leaf: str) -> str:
    """What the source calls a leaf dimension, where it was declared: the outermost name seen here."""
    for around in reversed(tuple(ancestors(program.scopes, scope))):
        for named in program.scopes[around].dims:
            if named.leaves == (leaf,):
                return named.name
    return leaf


def _plural(names: list[str]) -> str:
    if len(names) > 1:
        return " * ".join(names)
    return names[0] if names[0].endswith("s") else f"{names[0]}s"


def _numbers(program: Logical) -> list[float]:
    return [
        operand.value
        for op in walk(program.body)
        if isinstance(op, Op)
        for operand in op.operands
        if isinstance(operand, Number)
    ]
