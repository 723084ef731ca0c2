"""What an approximation *is*: the model that the program computes exactly, derived from the rewrite."""

from __future__ import annotations

import math

from helixc.ir.logical import Logical, Op, ancestors, walk
from helixc.ir.ops import Number
from helixc.ir.plan import Approximation
from helixc.ir.tensor import Dim


def divided_dims(model: Logical, version: Logical) -> dict[str, tuple[Dim, ...]]:
    """For each dimension of the model that a version writes as a product: its factors, outermost first.

    Found by laying the types of equal names side by side; a dimension that only one side has stands
    against factors of the same size in all.
    """
    found: dict[str, tuple[Dim, ...]] = {}
    types = version.types
    for value, type_ in model.types.items():
        if value in types and set(type_.dims) != set(types[value].dims):
            found.update(_side_by_side(type_.dims, types[value].dims, model, version))
    return found


def _side_by_side(
    dims: tuple[str, ...], others: tuple[str, ...], model: Logical, version: Logical
) -> dict[str, tuple[Dim, ...]]:
    found: dict[str, tuple[Dim, ...]] = {}
    rest = list(others)
    for dim in dims:
        if rest and rest[0] == dim:
            rest.pop(0)
            continue
        factors: list[Dim] = []
        if dim in rest:
            return {}
        while (
            rest
            and rest[0] not in model.sizes
            and math.prod(f.size for f in factors) < model.sizes[dim]
        ):
            name = rest.pop(0)
            factors.append(Dim(name, version.sizes[name]))
        if math.prod(f.size for f in factors) != model.sizes[dim]:
            return {}
        found[dim] = tuple(factors)
    return {} if rest else found


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
