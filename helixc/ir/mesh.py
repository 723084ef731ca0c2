"""The mesh: named axes laid over the GPUs, outermost first, cut into atoms.

A plan names *axes*.  Where a directive needs only part of an axis (8 KV heads over 16 GPUs), the
axis is cut into *atoms* when the plan is read; from then on layouts, propagation and search know
atoms only.  An uncut axis is one atom of the same name; the pieces of a cut one are ``tp.0``,
``tp.1``, outermost first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import product
from math import prod

import attrs


@attrs.frozen
class Axis:
    """A mesh axis as the plan declares it."""

    name: str
    size: int


@attrs.frozen
class Atom:
    """An uncut piece of a mesh axis; ``axis`` is the axis it was cut from."""

    name: str
    axis: str
    size: int


@attrs.frozen(slots=False)
class Mesh:
    """Axes and their atoms, both outermost first; GPU number = row-major index of coordinates."""

    axes: tuple[Axis, ...]
    atoms: tuple[Atom, ...]

    @staticmethod
    def uncut(axes: tuple[Axis, ...]) -> Mesh:
        """The mesh in which every axis is one atom."""
        return Mesh(axes=axes, atoms=tuple(Atom(a.name, a.name, a.size) for a in axes))

    @cached_property
    def devices(self) -> int:
        """Number of GPUs that the mesh covers."""
        count = 1
        for axis in self.axes:
            count *= axis.size
        return count

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Size of each atom."""
        return {atom.name: atom.size for atom in self.atoms}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """Position of each atom in the mesh, outermost first."""
        return {atom.name: index for index, atom in enumerate(self.atoms)}

    def in_order(self, atoms: Iterable[str]) -> tuple[str, ...]:
        """These atoms in the order of the mesh, outermost first."""
        return tuple(sorted(atoms, key=self.order.__getitem__))

    @cached_property
    def strides(self) -> Mapping[str, int]:
        """Distance in GPU numbers between neighbours along each atom."""
        strides: dict[str, int] = {}
        stride = 1
        for atom in reversed(self.atoms):
            strides[atom.name] = stride
            stride *= atom.size
        return strides

    def ways(self, atoms: tuple[str, ...]) -> int:
        """Number of GPUs in one group over these atoms."""
        found = self._ways.get(atoms)
        if found is None:
            found = self._ways[atoms] = prod(self.sizes[atom] for atom in atoms)
        return found

    @cached_property
    def _ways(self) -> dict[tuple[str, ...], int]:
        return {}

    def divides(self, atoms: tuple[str, ...], size: int) -> bool:
        """Whether a dimension of this size can be split over these atoms."""
        return size % self.ways(atoms) == 0

    def longest(self, dims: Sequence[tuple[int, tuple[str, ...]]]) -> int:
        """Of dimensions, each a size and the atoms that split it, the one with most left; ties: the first."""
        left = [size // self.ways(atoms) for size, atoms in dims]
        return left.index(max(left))

    def coordinate(self, device: int, atom: str) -> int:
        """Coordinate of a GPU along an atom."""
        return device // self.strides[atom] % self.sizes[atom]

    def rank(self, device: int, atoms: tuple[str, ...]) -> int:
        """Position of a GPU in its group over ``atoms``: row-major in the order written."""
        rank = 0
        for atom in atoms:
            rank = rank * self.sizes[atom] + self.coordinate(device, atom)
        return rank

    def group(self, device: int, atoms: tuple[str, ...]) -> tuple[int, ...]:
        """The GPUs whose other coordinates equal this one's, in rank order."""
        base = device - sum(self.coordinate(device, a) * self.strides[a] for a in atoms)
        spans = [[i * self.strides[a] for i in range(self.sizes[a])] for a in atoms]
        return tuple(base + sum(offsets) for offsets in product(*spans))

    def groups(self, atoms: tuple[str, ...]) -> Iterator[tuple[int, ...]]:
        """All groups over ``atoms``, by their lowest GPU.  Size grows with the number of GPUs."""
        for device in range(self.devices):
            if self.rank(device, atoms) == 0:
                yield self.group(device, atoms)

    def axis_atoms(self, axis: str) -> tuple[str, ...]:
        """The atoms of an axis, outermost first."""
        return tuple(atom.name for atom in self.atoms if atom.axis == axis)
