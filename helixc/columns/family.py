"""Plans of one pattern side by side: one program and one planning for all, sizes of atoms as columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from math import prod

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.choice.difference import Shape, shape_of
from helixc.choice.planning import Planning
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical
from helixc.ir.mesh import Mesh
from helixc.ir.tensor import DTYPE_BITS, TensorType

Column = NDArray[np.int64]
Mask = NDArray[np.bool_]
Atoms = tuple[str, ...]
# The largest number that a column holds.
LARGEST = int(np.iinfo(np.int64).max)
# One more than any sum of costs that is compared: what a plan cannot take.
NEVER = 2**61


def bounded(numbers: Iterable[int]) -> Column:
    """Numbers as a column; those that are too large for one are the largest that it holds."""
    return np.array([min(number, LARGEST) for number in numbers], dtype=np.int64)


class NotInColumns(Exception):
    """Something that is not worked out for many plans at once."""


@attrs.frozen(slots=False)
class AskingMesh(Mesh):
    """The mesh of one plan that stands for others, and what was asked of it with the answers.

    ``asked``: whether a size divides.  ``follows``: of two atoms, the second lies inside the first.
    ``compared``: which of some dimensions has most left.
    """

    asked: dict[tuple[Atoms, int], bool] = attrs.field(
        factory=dict[tuple[Atoms, int], bool], eq=False, repr=False
    )
    follows: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]], eq=False, repr=False)
    compared: dict[tuple[tuple[int, Atoms], ...], int] = attrs.field(
        factory=dict[tuple[tuple[int, Atoms], ...], int], eq=False, repr=False
    )

    def divides(self, atoms: tuple[str, ...], size: int) -> bool:
        """Whether a dimension of this size can be split over these atoms."""
        answer = super().divides(atoms, size)
        self.asked[atoms, size] = answer
        return answer

    def longest(self, dims: Sequence[tuple[int, Atoms]]) -> int:
        """Of dimensions, each a size and the atoms that split it, the one with most left."""
        found = super().longest(dims)
        self.compared[tuple(dims)] = found
        return found

    def in_order(self, atoms: Iterable[str]) -> Atoms:
        """These atoms in the order of the mesh, outermost first."""
        found = super().in_order(atoms)
        self.follows.update(pairwise(found))
        return found


@attrs.frozen(eq=False, slots=False)
class Family:
    """Plans that are planned alike.  ``planning`` has the mesh of the first of them.

    ``sizes``: for each atom its size in every plan.  ``orders``: the orders in which atoms lie in the
    meshes of plans, ``order``: the number of that of every plan.
    """

    program: Logical
    planning: Planning
    mesh: AskingMesh
    sizes: dict[str, Column]
    orders: tuple[Atoms, ...]
    order: Column
    plans: int
    places: dict[Atoms, Column] = attrs.field(factory=dict[Atoms, Column], repr=False)
    step_times: dict[tuple[object, ...], Column] = attrs.field(
        factory=dict[tuple[object, ...], Column], repr=False
    )
    _ways: dict[Atoms, Column] = attrs.field(factory=dict[Atoms, Column], repr=False)
    _bytes: dict[tuple[TensorType, Layout], Column] = attrs.field(
        factory=dict[tuple[TensorType, Layout], Column], repr=False
    )

    @cached_property
    def ones(self) -> Column:
        """A column of ones."""
        return np.ones(self.plans, dtype=np.int64)

    @cached_property
    def zeros(self) -> Column:
        """A column of zeros."""
        return np.zeros(self.plans, dtype=np.int64)

    def ways(self, atoms: tuple[str, ...]) -> Column:
        """Number of GPUs in one group over these atoms."""
        found = self._ways.get(atoms)
        if found is None:
            found = self.sizes[atoms[0]] if atoms else self.ones
            for atom in atoms[1:]:
                found = found * self.sizes[atom]
            self._ways[atoms] = found
        return found

    def block_bytes(self, type_: TensorType, layout: Layout) -> Column:
        """Bytes of one GPU's block of a value of the program."""
        key = (type_, layout)
        if key not in self._bytes:
            self._bytes[key] = self.part_bytes(shape_of(type_, self.program.sizes), layout)
        return self._bytes[key]

    def part_bytes(self, shape: Shape, layout: Layout) -> Column:
        """Bytes of one GPU's block of a value of a shape."""
        places = prod(shape.known.values())
        of = prod(share.of for _, share in shape.shares)
        part = prod(share.part for _, share in shape.shares) * DTYPE_BITS[shape.dtype]
        if places >= NEVER // part:
            raise NotInColumns
        count = places * self.ones
        for _, atoms in layout.split:
            count = count // self.ways(atoms)
        return -(-count * part // (8 * of))

    def only(self, rows: Mask) -> Family:
        """Some of the plans; the first must be among them."""
        if rows.all():
            return self
        sizes = {atom: column[rows] for atom, column in self.sizes.items()}
        return Family(
            program=self.program,
            planning=self.planning,
            mesh=self.mesh,
            sizes=sizes,
            orders=self.orders,
            order=self.order[rows],
            plans=int(rows.sum()),
        )

    def alike(self) -> Mask:
        """The plans for which everything that was asked has the answer that it has for the first."""
        same = np.ones(self.plans, dtype=np.bool_)
        for (atoms, size), answer in self.mesh.asked.items():
            same &= (size % self.ways(atoms) == 0) == answer
        for dims, answer in self.mesh.compared.items():
            left = np.stack([size // self.ways(atoms) for size, atoms in dims])
            same &= left.argmax(axis=0) == answer
        follows = self.mesh.follows
        fitting = [all(o.index(a) < o.index(b) for a, b in follows) for o in self.orders]
        return same & np.array(fitting)[self.order]


def gaps_and_sizes(family: Family, atoms: Sequence[str]) -> list[tuple[int, ...]]:
    """Where atoms lie in the mesh of each plan: sizes of what is around them and of themselves, in turn."""
    found: list[tuple[int, ...]] = [()] * family.plans
    for number, order in enumerate(family.orders):
        rows = np.flatnonzero(family.order == number)
        columns: list[Column] = []
        ones = np.ones(len(rows), dtype=np.int64)
        gap = ones
        for atom in order:
            sizes = family.sizes[atom][rows]
            if atom in atoms:
                columns += [gap, sizes]
                gap = ones
            else:
                gap = gap * sizes
        places = zip(*(column.tolist() for column in (*columns, gap)), strict=True)
        for row, place in zip(rows.tolist(), places, strict=True):
            found[row] = place
    return found
