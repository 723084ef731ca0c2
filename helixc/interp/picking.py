"""What the operators mean that pick elements by their places: NumPy functions on local blocks."""

from __future__ import annotations

import math
from typing import cast

import attrs
import numpy as np

from helixc.interp.site import (
    Array,
    Site,
    align,
    as_number,
    merged,
    product_size,
    unmerged,
)
from helixc.ir.ops import Cut

Operands = tuple[Array, ...]
# Stands for a whole product as one axis: no dimension is called so.
_PLACE = "#"


def take(site: Site, operands: Operands) -> Array:
    """The elements that indices pick; zero where one picks what lies outside this block.

    An index is the row-major place in the product of the dimensions worked over.
    """
    (dims, index_dims), over = site.operands, site.over
    shared = tuple(dim for dim in dims if dim in index_dims)
    kept = tuple(dim for dim in dims if dim not in index_dims and dim not in over)
    new = tuple(dim for dim in index_dims if dim not in dims)
    index = align(np.asarray(operands[1]), index_dims, shared + new).astype(np.int64)
    table = align(as_number(operands[0]), dims, shared + over + kept)
    lanes, first = table.shape[0], 1 + len(shared)
    sizes, kept_sizes = table.shape[first : first + len(over)], table.shape[first + len(over) :]
    places, inside = _local_places(site, index, sizes)

    groups = math.prod(table.shape[1:first])
    flat = table.reshape(lanes, groups, math.prod(sizes), math.prod(kept_sizes))
    where = np.broadcast_to(places, (lanes, *places.shape[1:])).reshape(lanes, groups, -1)
    picked = flat[np.arange(lanes)[:, None, None], np.arange(groups)[:, None], where]
    shaped = picked.reshape(lanes, *places.shape[1:], *kept_sizes)
    seen = inside.reshape(*inside.shape, *(1 for _ in kept))
    return align(np.where(seen, shaped, 0), shared + new + kept, site.dims)


def _local_places(site: Site, index: Array, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """Global indices as row-major places in a block of ``sizes``, and which of them lie in it.

    Those that do not are given place 0.
    """
    inside = (index >= 0) & (index < product_size(site.sizes, site.over))
    places, stride = np.zeros(1, dtype=np.int64), 1
    rest = index
    for dim, size in zip(reversed(site.over), reversed(sizes), strict=True):
        first = site.positions(dim)[:, 0].reshape(-1, *(1 for _ in index.shape[1:]))
        local = rest % site.sizes[dim] - first
        inside = inside & (local >= 0) & (local < size)
        places = places + local * stride
        rest, stride = rest // site.sizes[dim], stride * size
    return np.where(inside, places, 0), inside


def shift(site: Site, operands: Operands) -> Array:
    """What stood so many places before along a product; zero where nothing did."""
    dims, by_dims = site.operands
    rest = tuple(dim for dim in site.dims if dim not in site.over)
    length = product_size(site.sizes, site.over)
    before = np.arange(length) - np.asarray(operands[1])[..., None]
    picking = attrs.evolve(site, operands=(dims, (*by_dims, _PLACE)), dims=(*rest, _PLACE))
    return unmerged(site, take(picking, (operands[0], before)), rest, site.over)


def put_in(site: Site, operands: Operands) -> Array:
    """The first operand with the second in the place of the part that a cut names."""
    params, (dims, new_dims) = cast("Cut", site.params), site.operands
    others = tuple(dim for dim in dims if dim not in params.source)
    new = merged(as_number(operands[1]), new_dims, others, params.dims)
    whole = align(as_number(operands[0]), dims, others + params.source)
    place = places_of(site, params.source) - params.start
    inside = (place >= 0) & (place < new.shape[-1])
    lanes = np.arange(len(new)).reshape(len(new), *(1 for _ in params.source))
    # Axes: lanes, those of the product, the others.
    found = np.moveaxis(new, -1, 1)[lanes, np.where(inside, place, 0)]
    first = 1 + len(params.source)
    entries = np.moveaxis(found, range(first, found.ndim), range(1, found.ndim - first + 1))
    seen = align(inside, params.source, others + params.source)
    return align(np.where(seen, entries, whole), others + params.source, site.dims)


def places_of(site: Site, product: tuple[str, ...]) -> Array:
    """The row-major places in a product that every lane's block has, axes as in the product."""
    total, stride = np.zeros(1, dtype=np.int64), 1
    for dim in reversed(product):
        total = total + align(site.positions(dim), (dim,), product) * stride
        stride *= site.sizes[dim]
    return total


def top_k(site: Site, operands: Operands) -> Array:
    """The places of the largest elements along a product, the largest first; of equal ones the first."""
    params = cast("Cut", site.params)
    (dims,) = site.operands
    others = tuple(dim for dim in dims if dim not in params.source)
    whole = merged(as_number(operands[0]), dims, others, params.source)
    ranked = np.argsort(-whole, axis=-1, kind="stable")
    end = params.start + product_size(site.sizes, params.dims)
    return unmerged(site, ranked[..., params.start : end], others, params.dims)


def undecided(site: Site, operands: Operands, errors: Operands, places: Array) -> Array:
    """Which of the places that ``top_k`` found are not sure: an element not far enough from all others."""
    params = cast("Cut", site.params)
    (dims,) = site.operands
    others = tuple(dim for dim in dims if dim not in params.source)
    x, error = (merged(as_number(a), dims, others, params.source) for a in (operands[0], errors[0]))
    ranked = merged(places, site.dims, others, params.dims)
    chosen, doubt = (np.take_along_axis(a, ranked, axis=-1)[..., None] for a in (x, error))
    allowed: Array = doubt + error[..., None, :]
    near: Array = (np.abs(chosen - x[..., None, :]) <= allowed) & (allowed > 0)
    np.put_along_axis(near, ranked[..., None], values=False, axis=-1)
    return unmerged(site, np.asarray(near.any(axis=-1)), others, params.dims)
