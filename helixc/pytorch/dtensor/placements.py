"""Layouts as placements of DTensor: for each axis of the mesh what it does to a tensor.

    a dimension split over the axis     Shard(number of the dimension)
    partial over the axis               Partial(), or Partial("max") and Partial("min")
    neither                             Replicate()

A placement says which dimension an axis splits, and axes that split one dimension do so in the order of the
mesh, outermost first.  What a layout says beyond that has no placement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helixc.ir.layout import Layout
from helixc.ir.mesh import Mesh


def placements_text(layout: Layout, dims: Sequence[str], mesh: Mesh) -> str:
    """The placements of a tensor with these dimensions, one for each axis: ``Shard(1), Replicate()``."""
    return ", ".join(_placement(layout, dims, atom.name) for atom in mesh.atoms)


def _placement(layout: Layout, dims: Sequence[str], atom: str) -> str:
    dim = layout.dim_of(atom)
    if dim is not None:
        return f"Shard({dims.index(dim)})"
    if atom in layout.partial:
        return "Partial()" if layout.kind == "sum" else f'Partial("{layout.kind}")'
    return "Replicate()"


def without_placements(layout: Layout, mesh: Mesh) -> Iterator[tuple[str, str]]:
    """What a layout says that placements cannot say: the dimension, and why."""
    for dim, _ in layout.turned:
        yield (
            dim,
            "its blocks lie on other processes than their numbers, and a placement knows no turn",
        )
    for dim, atoms in layout.split:
        if atoms != mesh.in_order(atoms):
            inner, outer = " then ".join(mesh.in_order(atoms)), " then ".join(atoms)
            yield dim, f"it is split over {outer}; DTensor splits in the order of the mesh, {inner}"
