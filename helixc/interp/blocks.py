"""A value and its blocks: ``scatter`` cuts a value as a layout says, ``assemble`` puts it together.

Blocks are one array with a leading axis of GPUs.  Both functions are a reshape of that axis into one
axis per mesh atom and a permutation of axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import attrs
import numpy as np

from helixc.interp.site import Array, Dims
from helixc.ir.layout import Layout
from helixc.ir.mesh import Mesh

COMBINE: Mapping[str, Callable[..., Array]] = {
    "sum": cast("Callable[..., Array]", np.sum),
    "max": cast("Callable[..., Array]", np.max),
    "min": cast("Callable[..., Array]", np.min),
}


@attrs.frozen(eq=False)
class Assembled:
    """A whole value, without an axis of lanes, and how far its replicas disagree at most."""

    value: Array
    disagreement: float


def assemble(blocks: Array, dims: Dims, layout: Layout, mesh: Mesh) -> Assembled:
    """The value whose blocks these are: partial ones combined, replicas compared."""
    atoms = [atom.name for atom in mesh.atoms]
    tall = blocks.reshape([atom.size for atom in mesh.atoms] + [*blocks.shape[1:]])
    order, shape = _whole_axes(blocks.shape[1:], dims, layout, mesh)
    copies = [a for a in atoms if a not in layout.used]
    axes = [atoms.index(a) for a in (*copies, *layout.partial)] + order
    replicas = tall.transpose(axes).reshape(
        mesh.ways(tuple(copies)), mesh.ways(layout.partial), *shape
    )
    whole = COMBINE[layout.kind](replicas, axis=1) if layout.partial else replicas[:, 0]
    for dim, places in layout.turned:
        axis = dims.index(dim)
        whole = np.roll(whole, places * blocks.shape[axis + 1], axis + 1)
    return Assembled(whole[0], disagreement(whole))


def _whole_axes(
    local: tuple[int, ...], dims: Dims, layout: Layout, mesh: Mesh
) -> tuple[list[int], list[int]]:
    """Axes of the tall array that make up each dimension, outermost first; the whole sizes."""
    order: list[int] = []
    shape: list[int] = []
    for position, dim in enumerate(dims):
        split = layout.atoms_of(dim)
        order += [mesh.order[a] for a in split] + [len(mesh.atoms) + position]
        shape.append(mesh.ways(split) * local[position])
    return order, shape


def disagreement(replicas: Array) -> float:
    """The largest difference between the first of some arrays and the others; nan agrees with nan."""
    first, others = replicas[:1], replicas[1:]
    if not others.size or bool((others == first).all()):
        return 0.0
    return float(np.max(distance(others, first)))


def distance(one: Array, other: Array) -> Array:
    """Absolute difference; equal values, infinite ones and two nan among them, are 0 apart."""
    one, other = (np.asarray(a, dtype=np.float64) for a in (one, other))
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    apart = np.abs(np.where(same, 0.0, one - np.where(same, 0.0, other)))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))


def scatter(
    value: Array,
    dims: Dims,
    layout: Layout,
    mesh: Mesh,
    random: np.random.Generator | None = None,
) -> Array:
    """The blocks of a whole value.

    A partial sum stands on index 0 with zeros elsewhere, a partial maximum everywhere; with
    ``random`` the terms are drawn so that only together they give the value (whole numbers stay so).
    """
    for dim, places in layout.turned:
        axis = dims.index(dim)
        block = value.shape[axis] // mesh.ways(layout.atoms_of(dim))
        value = np.roll(value, -places * block, axis)
    terms = _terms(value, mesh.ways(layout.partial), layout.kind, random)
    atoms = [atom.name for atom in mesh.atoms]
    shape = [mesh.sizes[a] for a in layout.partial]
    names = [*layout.partial]
    local_axes: list[int] = []
    for position, dim in enumerate(dims):
        split = layout.atoms_of(dim)
        shape += [mesh.sizes[a] for a in split]
        names += split
        local_axes.append(len(names))
        names.append("")
        shape.append(value.shape[position] // mesh.ways(split))
    cut = terms.reshape(shape)
    used = [a for a in atoms if a in layout.used]
    cut = cut.transpose([names.index(a) for a in used] + local_axes)
    local = [shape[axis] for axis in local_axes]
    spread = cut.reshape([mesh.sizes[a] if a in layout.used else 1 for a in atoms] + local)
    full = np.broadcast_to(spread, [mesh.sizes[a] for a in atoms] + local)
    return np.ascontiguousarray(full).reshape(mesh.devices, *local)


def _terms(value: Array, count: int, kind: str, random: np.random.Generator | None) -> Array:
    if count == 1:
        return value[None]
    shape = (count, *value.shape)
    if kind == "sum":
        terms = np.zeros(shape, dtype=value.dtype)
        if random is not None:
            terms = random.integers(-9, 9, size=shape).astype(value.dtype)
        terms[0] = value - terms[1:].sum(axis=0)
        return terms
    terms = np.broadcast_to(value, shape).copy()
    if random is not None and value.dtype != np.bool_:
        worse = random.integers(1, 9, size=shape).astype(value.dtype)
        terms += -worse if kind == "max" else worse
        winner = random.integers(0, count, size=value.shape)
        np.put_along_axis(terms, winner[None], value[None], axis=0)
    return terms
