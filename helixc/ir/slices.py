"""Slices of a step: whether a dimension can be cut into them, and the program of one of them.

A dimension can be sliced if every operator does to each slice of it what it does to the whole.  That is
read off the factor rules: the dimension passes through every operator that it meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import TypeVar

import attrs

from helixc.diagnostics import Span
from helixc.ir.factors import counted_dims
from helixc.ir.logical import Logical, Output, walk
from helixc.ir.ops import OPS, Number, Op
from helixc.ir.plan import Slices
from helixc.ir.refine import tied_leaves
from helixc.ir.rules import factors
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import NUMBER, Dim, TensorType

Program = TypeVar("Program", Logical, Spmd)
Types = Mapping[str, TensorType]


@attrs.frozen
class Obstacle:
    """What keeps a dimension from being sliced, in words, and where that is written."""

    text: str
    span: Span


def slice_obstacles(program: Logical, leaf: str) -> tuple[Obstacle, ...]:
    """What keeps a leaf, and those that renames tie to it, from being sliced; () if nothing does."""
    leaves = frozenset(tied_leaves(program, leaf))
    ops = (s for s in walk(program.body) if isinstance(s, Op))
    return tuple(obstacles(ops, program.types, program.outputs, leaves))


def obstacles(
    ops: Iterable[Op], types: Types, outputs: Iterable[Output], leaves: frozenset[str]
) -> Iterator[Obstacle]:
    """What keeps some leaves from being sliced together, in program order."""
    for op in ops:
        text = _obstacle(op, types, leaves)
        if text:
            yield Obstacle(text, op.span)
    for output in outputs:
        if leaves.isdisjoint(types[output.value].dims):
            text = f"output `{output.name}` does not have it, so slices cannot make it up"
            yield Obstacle(text, output.span)


def _obstacle(op: Op, types: Types, leaves: frozenset[str]) -> str:
    """Why one operator needs more than a slice; "" if it does not."""
    name = f"`{op.home.name or op.kind}`"
    sliced = [dim for dim in op.type.dims if dim in leaves]
    if len(sliced) > 1:
        return f"{name} has it twice, as {' and '.join(sliced)}: every slice meets all others"
    if sliced and OPS[op.kind].kept == "weight":
        return f"weight {name} has it, and weights stay whole from slice to slice"
    if not sliced and OPS[op.kind].kept == "state":
        return f"state {name} does not have it, and every slice would change it"
    if not set(counted_dims(op)).isdisjoint(sliced):
        return f"{name} counts its positions, and no slice knows where it begins"
    operands = [NUMBER if isinstance(o, Number) else types[o] for o in op.operands]
    for factor in factors(op.kind, operands, op.type, op.over, op.params):
        if factor.tag != "pass" and not leaves.isdisjoint((*factor.operands, factor.result)):
            needs = "joins all slices" if factor.tag != "whole" else "needs it whole"
            return f"{name} {needs}: it is a {op.kind} over it"
    return ""


def slice_count(program: Logical | Spmd) -> int:
    """How often a step runs a program: once for every slice."""
    return 1 if program.slices is None else program.slices.count


def kept_times(program: Logical | Spmd, type_: TensorType) -> int:
    """How many blocks as large as those of one slice a step keeps of a value: those of all slices."""
    if program.slices is None or set(program.slices.leaves).isdisjoint(type_.dims):
        return 1
    return program.slices.count


def slices_text(program: Logical | Spmd) -> str:
    """``8 slices of batch 1024 (128 each)``; "" for a step that runs as a whole."""
    made = program.slices
    if made is None:
        return ""
    size = prod(program.sizes[leaf] for leaf in _factors(program, made))
    return f"{made.count} slices of {made.dim} {made.count * size} ({size} each)"


def _factors(program: Logical | Spmd, made: Slices) -> tuple[str, ...]:
    """The leaves that the sliced dimension stands for in the model."""
    named = (dim for dim in program.scopes[0].dims if dim.name == made.dim)
    return next((dim.leaves for dim in named), made.leaves[:1])


def one_slice(program: Program, slices: Slices) -> Program:
    """The program of one slice, out of one that has everything."""
    sizes = {leaf: program.sizes[leaf] // slices.count for leaf in slices.leaves}
    return attrs.evolve(program, dims=_resized(program.dims, sizes), slices=slices)


def all_slices(program: Program) -> Program:
    """The program that has everything, out of that of one slice; any other as it is."""
    if program.slices is None:
        return program
    return attrs.evolve(program, dims=whole_dims(program), slices=None)


def whole_dims(program: Logical | Spmd) -> tuple[Dim, ...]:
    """The dimensions of the step, all slices together."""
    if program.slices is None:
        return program.dims
    sizes = {leaf: program.sizes[leaf] * program.slices.count for leaf in program.slices.leaves}
    return _resized(program.dims, sizes)


def _resized(dims: tuple[Dim, ...], sizes: Mapping[str, int]) -> tuple[Dim, ...]:
    return tuple(attrs.evolve(dim, size=sizes.get(dim.name, dim.size)) for dim in dims)
