"""Which dimensions are split over which mesh axes, and in which tensors: the plan as it has come out."""

from __future__ import annotations

import attrs

from helixc.analysis.collectives import axis_names
from helixc.analysis.layers import find_layers
from helixc.analysis.names import value_names
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Compute, Spmd, walk


@attrs.frozen(kw_only=True)
class DimensionSplit:
    """A dimension (``size``: of the whole) split over ``atoms``, outermost first, called ``axes``.

    ``layers``: titles of those in which a tensor is split like that, in program order; ``kept``: names of
    the weights and states among them.
    """

    dim: str
    size: int
    atoms: tuple[str, ...]
    axes: tuple[str, ...]
    layers: tuple[str, ...]
    kept: tuple[str, ...]

    def part(self, gpu: int, mesh: Mesh) -> tuple[int, int]:
        """First index of a GPU's part, and the one after its last."""
        length = self.size // mesh.ways(self.atoms)
        start = mesh.rank(gpu, self.atoms) * length
        return start, start + length


def find_splits(program: Spmd) -> tuple[DimensionSplit, ...]:
    """Every way in which a dimension of a computed or kept tensor is split; those of kept ones first."""
    layers, names = find_layers(program), value_names(program)
    found: dict[tuple[str, tuple[str, ...]], tuple[dict[str, None], dict[str, None]]] = {}
    for statement in walk(program.body):
        if not isinstance(statement, Compute):
            continue
        value = statement.result
        for dim, atoms in statement.layout.split:
            titles, kept = found.setdefault((dim, atoms), ({}, {}))
            titles[layers.layer(value).title] = None
            if value in program.stored:
                kept[names[value]] = None
    splits = (
        DimensionSplit(
            dim=dim,
            size=program.sizes[dim],
            atoms=atoms,
            axes=axis_names(atoms, program.mesh),
            layers=tuple(titles),
            kept=tuple(kept),
        )
        for (dim, atoms), (titles, kept) in found.items()
    )
    return tuple(sorted(splits, key=lambda split: not split.kept))
