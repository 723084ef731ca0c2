"""Tokens on their way to the experts that they choose, and back, as expressions of PyTorch."""

from __future__ import annotations

from math import prod
from typing import cast

import attrs

from helixc.ir.ops import Routed
from helixc.ir.tensor import TensorType
from helixc.pytorch.operand import Dims, Operand, Use, aligned, merged, unmerged
from helixc.pytorch.places import block_start, positions, take


def dispatch(use: Use) -> str:
    """At every expert the tokens that chose it, each in its place; zero in all other places."""
    params = cast("Routed", use.op.params)
    value, choice = use.operands
    token = {place: token for token, place in params.pairs}
    made = tuple(token.get(dim, dim) for dim in use.dims)
    if params.queue:
        tokens = _tokens_in_line(use, choice, params)
        return take(_picking(use, (value, tokens), params.queue, made))
    dims = tuple(dim for dim in choice.dims if dim not in params.pick)
    text = f"chosen({merged(choice, dims, params.pick)}, {positions(use, use.op.over)})"
    mask = Operand(unmerged(use, text, use.op.over), TensorType("bool", dims + use.op.over))
    return f"torch.where({aligned(mask, made)}, {aligned(value, made)}, 0)"


def combine(use: Use) -> str:
    """What the experts made of every token, choice by choice; zero for what was too late."""
    params = cast("Routed", use.op.params)
    value, choice = use.operands
    token = {place: token for token, place in params.pairs}
    dims = tuple(token.get(dim, dim) for dim in value.dims)
    value = Operand(value.text, TensorType(value.type.dtype, dims))
    if params.queue:
        choice = _places_in_line(use, choice, params)
    return take(_picking(use, (value, choice), (*use.op.over, *params.slot), use.dims))


def _picking(use: Use, operands: tuple[Operand, Operand], over: Dims, dims: Dims) -> Use:
    """The same where it picks ``over`` some dimensions, the result having these."""
    type_ = TensorType(use.op.type.dtype, dims)
    op = attrs.evolve(use.op, over=over, type=type_)
    return attrs.evolve(use, op=op, operands=operands)


def _in_line(use: Use, choice: Operand, params: Routed) -> tuple[str, Dims]:
    """Choices with the tokens in line as the last axis but one, and the axes before."""
    others = tuple(dim for dim in choice.dims if dim not in (*params.queue, *params.pick))
    text = merged(choice, others + params.queue, params.pick)
    if len(params.queue) > 1:
        text += f".flatten({len(others)}, {len(others) + len(params.queue) - 1})"
    experts, places = (prod(use.sizes[d] for d in dims) for dims in (use.op.over, params.slot))
    return f"{text}, {experts}, {places}", others


def _tokens_in_line(use: Use, choice: Operand, params: Routed) -> Operand:
    """For each place of each expert here which token has it."""
    arguments, others = _in_line(use, choice, params)
    text = unmerged(use, f"tokens_in_line({arguments})", params.slot, whole=True)
    text = unmerged(use, text, use.op.over, len(others), whole=True)
    dims = (*others, *use.op.over, *params.slot)
    for axis, dim in enumerate(dims):
        if dim not in others and use.layout.atoms_of(dim):
            text += f".narrow({axis}, {block_start(use, dim)}, {use.local(dim)})"
    return Operand(text, TensorType("i32", dims))


def _places_in_line(use: Use, choice: Operand, params: Routed) -> Operand:
    """For each choice its place among all places of all experts."""
    arguments, others = _in_line(use, choice, params)
    text = unmerged(use, f"places_in_line({arguments})", params.pick)
    text = unmerged(use, text, params.queue, len(others))
    return Operand(text, TensorType("i32", (*others, *params.queue, *params.pick)))
