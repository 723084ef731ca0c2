"""The layout algebra: where the blocks of a value live, and the steps that move them.

A layout gives each leaf dimension an ordered tuple of mesh atoms (outermost first) and says over
which atoms the value is still *partial*.  Whatever is not mentioned is replicated.  Because
"partial" is part of the layout, a forgotten all-reduce is an illegal program, never a wrong number.

Blocks of a dimension lie in the order of its atoms, or *turned*: all of them so many places further on.

Invariants: an atom appears at most once; the atoms of a dimension divide its
size; one partial kind per value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import attrs

from helixc.ir.mesh import Mesh
from helixc.ir.tensor import Sizes, TensorType, expected_bytes

Split = tuple[tuple[str, tuple[str, ...]], ...]
Turned = tuple[tuple[str, int], ...]


class Layout(NamedTuple):
    """``split``: (dimension, atoms) for split dimensions only, sorted by dimension name.

    ``partial``: atoms over which blocks must still be combined, in mesh order; ``kind`` is how
    ("sum", "max" or "min"), and "" when nothing is partial.  ``turned``: (dimension, places) for dimensions
    of which rank r holds block r + places, modulo their number, sorted.  Build with ``make_layout``.  A
    tuple, since the choice makes, compares and looks up thousands of them.
    """

    split: Split = ()
    partial: tuple[str, ...] = ()
    kind: str = ""
    turned: Turned = ()

    def atoms_of(self, dim: str) -> tuple[str, ...]:
        """The atoms that split a dimension, outermost first; () if it is whole."""
        for name, atoms in self.split:
            if name == dim:
                return atoms
        return ()

    def dim_of(self, atom: str) -> str | None:
        """The dimension that an atom splits, or None."""
        for name, atoms in self.split:
            if atom in atoms:
                return name
        return None

    def places_of(self, dim: str) -> int:
        """By how many places the blocks of a dimension are turned."""
        return dict(self.turned).get(dim, 0)

    @property
    def straight(self) -> Layout:
        """The same with no dimension turned."""
        return self._replace(turned=())

    @property
    def used(self) -> frozenset[str]:
        """Every atom that this layout mentions."""
        return frozenset(a for _, atoms in self.split for a in atoms).union(self.partial)

    def __str__(self) -> str:
        places = {dim: f"+{count}" for dim, count in self.turned}
        parts = [f"{dim}:{'*'.join(atoms)}{places.get(dim, '')}" for dim, atoms in self.split]
        if self.partial:
            parts.append(f"partial {self.kind} {'*'.join(self.partial)}")
        return "{" + ", ".join(parts) + "}"


WHOLE = Layout()


def make_layout(
    split: Mapping[str, Sequence[str]],
    partial: Iterable[str] = (),
    kind: str = "sum",
    turned: Iterable[tuple[str, int]] = (),
) -> Layout:
    """The canonical layout: no empty entries, dimensions sorted, no kind without a partial atom.

    ``partial`` must come in mesh order.
    """
    entries = [(dim, tuple(atoms)) for dim, atoms in split.items() if atoms]
    if len(entries) > 1:
        entries.sort()
    partial = tuple(partial)
    around = tuple(sorted((dim, places) for dim, places in turned if places))
    return Layout(tuple(entries), partial, kind if partial else "", around)


def rename_layout(layout: Layout, names: Mapping[str, str]) -> Layout:
    """The layout of the same value with its dimensions called by other names."""
    split = {names[dim]: atoms for dim, atoms in layout.split}
    turned = [(names[dim], places) for dim, places in layout.turned]
    return make_layout(split, layout.partial, layout.kind, turned)


def local_sizes(
    type_: TensorType, layout: Layout, sizes: Mapping[str, int], mesh: Mesh
) -> dict[str, int]:
    """Size of each dimension of one GPU's block."""
    return {d: sizes[d] // mesh.ways(layout.atoms_of(d)) for d in type_.dims}


def local_elements(type_: TensorType, layout: Layout, sizes: Mapping[str, int], mesh: Mesh) -> int:
    """Number of elements of one GPU's block, those of empty places counted too."""
    count = type_.elements(sizes)
    for _, atoms in layout.split:
        count //= mesh.ways(atoms)
    return count


def local_bytes(type_: TensorType, layout: Layout, sizes: Sizes, mesh: Mesh) -> int:
    """Bytes of one GPU's block, of a ragged one those that are expected to be full."""
    places = local_elements(type_, layout, sizes, mesh)
    return expected_bytes(places, type_.dtype, type_.dims, sizes.shares)


@attrs.frozen
class Slice:
    """Keep one's own part of a replicated dimension: no bytes move."""

    dim: str
    atoms: tuple[str, ...]


@attrs.frozen
class AllGather:
    """Join the blocks of a dimension; ``atoms`` is the innermost suffix of its tuple."""

    dim: str
    atoms: tuple[str, ...]


@attrs.frozen
class ReduceScatter:
    """Combine partial values and keep one's own block of ``dim``."""

    dim: str
    atoms: tuple[str, ...]


@attrs.frozen
class AllReduce:
    """Combine partial values; everybody holds the result."""

    atoms: tuple[str, ...]


@attrs.frozen
class AllToAll:
    """Move the suffix ``atoms`` from one dimension's tuple to the end of another's."""

    source: str
    target: str
    atoms: tuple[str, ...]


@attrs.frozen
class Permute:
    """Any relabelling with the same block shape: blocks change places, none changes size."""

    layout: Layout


@attrs.frozen
class Seed:
    """Turn a replicated value into a partial sum: the value on index 0, zero elsewhere."""

    atoms: tuple[str, ...]


Step = Slice | AllGather | ReduceScatter | AllReduce | AllToAll | Permute | Seed
