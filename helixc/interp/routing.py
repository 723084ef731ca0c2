"""What it means to send tokens to the experts that they choose, and back: NumPy functions on local blocks."""

from __future__ import annotations

from typing import cast

import attrs
import numpy as np

from helixc.interp.picking import take
from helixc.interp.site import Array, Dims, Site, align, as_number, axes_of, product_size
from helixc.ir.ops import Routed

Operands = tuple[Array, ...]


def dispatch(site: Site, operands: Operands) -> Array:
    """At every expert the tokens that chose it, each in its place; zero in all other places."""
    params = cast("Routed", site.params)
    value_dims, _ = site.operands
    token = {place: token for token, place in params.pairs}
    made = tuple(token.get(dim, dim) for dim in site.dims)
    if params.queue:
        tokens, dims = _tokens_in_line(site, operands[1])
        inner = _inside(site, (value_dims, dims), made, params.queue)
        return take(inner, (operands[0], tokens))
    chosen, dims = _chosen(site, operands[1], {dim: site.positions(dim) for dim in site.over})
    kept = tuple(dim for dim in made if dim in value_dims)
    value = align(as_number(operands[0]), value_dims, kept)
    return np.where(align(chosen, dims, made), align(value, kept, made), 0)


def combine(site: Site, operands: Operands) -> Array:
    """What the experts made of every token, choice by choice; zero for what was too late."""
    params = cast("Routed", site.params)
    value_dims, choice_dims = site.operands
    token = {place: token for token, place in params.pairs}
    value_dims = tuple(token.get(dim, dim) for dim in value_dims)
    choice = np.asarray(operands[1]).astype(np.int64)
    if params.queue:
        choice = _places_in_line(site, choice)
    inner = _inside(site, (value_dims, choice_dims), site.dims, (*site.over, *params.slot))
    return take(inner, (operands[0], choice))


def _inside(site: Site, operands: tuple[Dims, ...], dims: Dims, over: Dims) -> Site:
    return attrs.evolve(site, operands=operands, dims=dims, over=over)


def _chosen(site: Site, choice: Array, positions: dict[str, Array]) -> tuple[Array, Dims]:
    """For each token and each of the experts at these positions whether it is among the choices."""
    params, dims = cast("Routed", site.params), site.operands[1]
    tokens = tuple(dim for dim in dims if dim not in params.pick)
    experts = _linear(site, site.over, positions)
    have = align(np.asarray(choice), dims, tokens + params.pick)
    have = have.reshape(*have.shape, *(1 for _ in site.over))
    same = have == experts.reshape(experts.shape[0], *(1 for _ in dims), *experts.shape[1:])
    picks = axes_of(tokens + params.pick, params.pick)
    return same.any(axis=picks), tokens + site.over


def _linear(site: Site, dims: Dims, positions: dict[str, Array]) -> Array:
    """The row-major places in a product of the elements at these positions along its dimensions."""
    total, stride = np.zeros(1, dtype=np.int64), 1
    for dim in reversed(dims):
        total = total + align(positions[dim], (dim,), dims) * stride
        stride *= site.sizes[dim]
    return total


def _lines(site: Site, choice: Array) -> tuple[Array, Array, Dims]:
    """For every expert who waits there and behind how many; axes: others, tokens in line, experts."""
    params = cast("Routed", site.params)
    whole = {dim: np.arange(site.sizes[dim])[None] for dim in site.over}
    chosen, dims = _chosen(site, choice, whole)
    others = tuple(dim for dim in dims if dim not in (*params.queue, *site.over))
    ordered = align(chosen, dims, others + params.queue + site.over)
    waits = ordered.reshape(*ordered.shape[: 1 + len(others)], _count(site, params.queue), -1)
    return waits, np.cumsum(waits, axis=-2) - 1, others


def _count(site: Site, dims: Dims) -> int:
    return product_size(site.sizes, dims)


def _tokens_in_line(site: Site, choice: Array) -> tuple[Array, Dims]:
    """For each place of each expert on this GPU which token has it, -1 if none."""
    params = cast("Routed", site.params)
    waits, before, others = _lines(site, choice)
    places = _count(site, params.slot)
    shape = (*waits.shape[:-2], waits.shape[-1], places)
    tokens = np.full(shape, -1, dtype=np.int64)
    *rest, token, expert = np.nonzero(waits & (before < places))
    place = before[(*rest, token, expert)]
    tokens[(*rest, expert, place)] = token
    sizes = [site.sizes[dim] for dim in (*site.over, *params.slot)]
    tokens = tokens.reshape(*shape[: 1 + len(others)], *sizes)
    for dim in (*site.over, *params.slot):
        tokens = _block(site, tokens, dim, (*others, *site.over, *params.slot))
    return tokens, (*others, *site.over, *params.slot)


def _block(site: Site, array: Array, dim: str, dims: Dims) -> Array:
    """The part of an array along a dimension that each GPU has."""
    where = align(site.positions(dim), (dim,), dims)
    lanes = max(array.shape[0], where.shape[0])
    array = np.broadcast_to(array, (lanes, *array.shape[1:]))
    return np.take_along_axis(array, where, axis=1 + dims.index(dim))


def _places_in_line(site: Site, choice: Array) -> Array:
    """For each choice its place in the product of experts and their places; -1 for what has none."""
    params, dims = cast("Routed", site.params), site.operands[1]
    _, before, others = _lines(site, choice)
    have = others + params.queue + params.pick
    ordered = align(choice, dims, have)
    shape = (*ordered.shape[: 1 + len(others)], _count(site, params.queue), -1)
    chosen = ordered.reshape(shape)
    experts, places = _count(site, site.over), _count(site, params.slot)
    known = (chosen >= 0) & (chosen < experts)
    behind = np.take_along_axis(before, np.where(known, chosen, 0), axis=-1)
    found = np.where(known & (behind < places), chosen * places + behind, -1)
    return align(found.reshape(ordered.shape), have, dims)


def undecided(site: Site, errors: Operands) -> Array:
    """Which elements of the result depend on a choice that is not sure, those behind it in line included."""
    params, dims = cast("Routed", site.params), site.operands[1]
    token = {place: token for token, place in params.pairs}
    made = tuple(token.get(dim, dim) for dim in site.dims)
    gone = tuple(d for d in dims if d not in made or (params.queue and d in params.pick))
    gone = tuple(dict.fromkeys((*gone, *params.queue)))
    doubt = np.asarray((np.asarray(errors[1]) > 0).any(axis=axes_of(dims, gone)))
    return align(doubt, tuple(dim for dim in dims if dim not in gone), made)
