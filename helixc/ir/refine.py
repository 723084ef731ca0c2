"""Rewriting a logical program after a leaf dimension has been divided into factors.

Every dimension list is a list of leaves, so dividing a leaf is a substitution; a ``rename`` ties the
leaves on its two sides together, and both are divided alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs

from helixc.ir.logical import Logical, NamedDim, Op, Scope, walk
from helixc.ir.ops import (
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Number,
    Params,
    Position,
    Renamed,
    Routed,
)
from helixc.ir.plan import (
    Block,
    DimRef,
    Fuse,
    Line,
    Local,
    Microbatches,
    Pad,
    Place,
    Plan,
    Replicate,
    Shard,
)
from helixc.ir.tensor import TensorType

# For each divided leaf its factors, outermost first.
Parts = Mapping[str, tuple[str, ...]]
Pairs = tuple[tuple[str, str], ...]


def tied_leaves(program: Logical, leaf: str) -> tuple[str, ...]:
    """The leaf and every leaf that renames, or the places of tokens, tie to it, in order of discovery."""
    pairs = [
        pair
        for op in walk(program.body)
        if isinstance(op, Op) and isinstance(op.params, Renamed | Routed)
        for pair in op.params.pairs
    ]
    found = [leaf]
    for known in found:
        for pair in pairs:
            if known in pair:
                found += [other for other in pair if other not in found]
    return tuple(found)


def divide(dims: Iterable[str], parts: Parts) -> tuple[str, ...]:
    """A list of leaves with the divided ones replaced by their factors."""
    return tuple(factor for dim in dims for factor in parts.get(dim, (dim,)))


def divide_pairs(pairs: Pairs, parts: Parts) -> Pairs:
    """Pairs of leaves that are one, with the divided ones replaced by pairs of their factors."""
    return tuple(
        pair
        for left, right in pairs
        for pair in zip(parts.get(left, (left,)), parts.get(right, (right,)), strict=True)
    )


def divide_type(type_: TensorType, parts: Parts) -> TensorType:
    """A type with the divided leaves replaced by their factors."""
    return TensorType(type_.dtype, divide(type_.dims, parts))


def divide_params(params: Params, parts: Parts) -> Params:
    """An operator's parameters with the divided leaves replaced by their factors."""
    match params:
        case Renamed():
            return Renamed(divide_pairs(params.pairs, parts))
        case Routed():
            return Routed(
                divide_pairs(params.pairs, parts),
                divide(params.queue, parts),
                divide(params.slot, parts),
                divide(params.pick, parts),
            )
        case Joined():
            joined = tuple((divide(dims, parts), size) for dims, size in params.parts)
            return Joined(divide(params.dims, parts), joined)
        case Cut():
            return Cut(divide(params.source, parts), divide(params.dims, parts), params.start)
        case Position():
            return Position(divide(params.dims, parts))
        case Declared():
            return Declared(divide_type(params.type, parts))
        case Filled():
            return Filled(params.value, divide_type(params.type, parts))
        case Fused():
            return Fused(params.inputs, tuple(divide_op(op, parts) for op in params.body))
        case _:
            return params


def divide_op(op: Op, parts: Parts) -> Op:
    """An operator whose dimensions are the factors of divided leaves."""
    operands = tuple(
        Number(o.value, divide(o.dims, parts)) if isinstance(o, Number) else o for o in op.operands
    )
    return attrs.evolve(
        op,
        operands=operands,
        over=divide(op.over, parts),
        params=divide_params(op.params, parts),
        type=divide_type(op.type, parts),
    )


def divide_scope(scope: Scope, parts: Parts) -> Scope:
    """A scope whose named dimensions stand for the factors of divided leaves."""
    dims = tuple(NamedDim(dim.name, divide(dim.leaves, parts)) for dim in scope.dims)
    return attrs.evolve(scope, dims=dims)


def divide_plan(plan: Plan, parts: Parts) -> Plan:
    """A plan whose lines speak of the factors of divided leaves."""
    return plan.with_lines(lambda line: _divide_line(line, parts))


def _divide_line(line: Line, parts: Parts) -> Line:
    if isinstance(line, Shard | Replicate | Pad):
        dims = tuple(DimRef(ref.name, divide(ref.leaves, parts)) for ref in line.dims)
        return attrs.evolve(line, dims=dims)
    if isinstance(line, Microbatches):
        ref = line.dim
        return attrs.evolve(line, dim=DimRef(ref.name, divide(ref.leaves, parts)))
    return line


def without_places(plan: Plan, there: Collection[Place]) -> Plan:
    """A plan that speaks of no value but those ``there``; a block of others keeps its lines alone."""
    return attrs.evolve(plan, blocks=tuple(_block_of(block, there) for block in plan.blocks))


def _block_of(block: Block, there: Collection[Place]) -> Block:
    lines = tuple(
        attrs.evolve(line, places=_known(line.places, there))
        if isinstance(line, Local | Fuse)
        else line
        for line in block.lines
    )
    return attrs.evolve(block, places=_known(block.places, there), lines=lines)


def _known(places: tuple[Place, ...], there: Collection[Place]) -> tuple[Place, ...]:
    return tuple(place for place in places if not place.name or place in there)
