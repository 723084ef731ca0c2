"""The copies of a value: which layouts it exists in, and what it takes to have it in another.

A layout is a bit and a set of layouts a number, for states of the choice are compared by the million.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.choice.difference import Freely, Shape
from helixc.choice.reshard import ReshardPath, ReshardSearch
from helixc.choice.states import ZERO, Cost
from helixc.ir.layout import WHOLE, Layout, local_bytes


class Layouts:
    """Numbers layouts in the order in which they are met."""

    def __init__(self) -> None:
        self._bits: dict[Layout, int] = {}
        self._members: dict[int, tuple[Layout, ...]] = {}
        self.whole = self.bit(WHOLE)

    def bit(self, layout: Layout) -> int:
        """The set of one layout alone."""
        bit = self._bits.get(layout)
        if bit is None:
            bit = self._bits[layout] = 1 << len(self._bits)
            self._members[bit] = (layout,)
        return bit

    def of(self, copies: int) -> tuple[Layout, ...]:
        """The layouts of a set, in the order in which they first came together."""
        return self._members[copies]

    def joined(self, copies: int, added: Iterable[Layout]) -> int:
        """A set with some layouts more."""
        members = tuple(dict.fromkeys((*self._members[copies], *added)))
        for layout in members:
            copies |= self.bit(layout)
        self._members.setdefault(copies, members)
        return copies


@attrs.frozen
class Reach:
    """How a copy is had: at what cost, from which copy, and which copies exist then.

    Every layout on the way is a copy: a second reader is served for free, or from nearer by.
    """

    cost: Cost
    source: int
    copies: int


class Supply:
    """The copies of values of one shape; each question is answered once.

    ``freely``: the values are weights, gathered unasked over these atoms alone.
    """

    def __init__(
        self, shape: Shape, layouts: Layouts, search: ReshardSearch, *, freely: Freely
    ) -> None:
        self.shape = shape
        self.layouts = layouts
        self.search = search
        self.freely = freely
        self._reached: dict[tuple[int, int], Reach | None] = {}
        self._largest: dict[int, int] = {}

    def reach(self, existing: int, target: int) -> Reach | None:
        """The cheapest way to a copy from those that exist; None if there is none."""
        key = (existing, target)
        if key not in self._reached:
            self._reached[key] = self._find(existing, target)
        return self._reached[key]

    def _find(self, existing: int, target: int) -> Reach | None:
        if existing & target:
            return Reach(ZERO, target, existing)
        (wanted,) = self.layouts.of(target)
        paths = [
            (path_cost(path), source, path)
            for source in self.layouts.of(existing)
            if (path := self.search.path(self.shape, source, wanted, freely=self.freely))
            is not None
        ]
        if not paths:
            return None
        cost, source, path = min(paths, key=lambda entry: entry[0])
        copies = self.layouts.joined(existing, path.layouts)
        return Reach(cost, self.layouts.bit(source), copies)

    def largest_block(self, copies: int) -> int:
        """Bytes of one GPU's largest block among some copies."""
        if copies not in self._largest:
            type_, sizes = self.shape.type, self.shape.known
            layouts, mesh = self.layouts.of(copies), self.search.mesh
            blocks = [local_bytes(type_, layout, sizes, mesh) for layout in layouts]
            self._largest[copies] = max(blocks)
        return self._largest[copies]


class Supplies:
    """The supplies of one mesh on one cluster, by shape."""

    def __init__(self, search: ReshardSearch) -> None:
        self.search = search
        self.layouts = Layouts()
        self._known: dict[tuple[Shape, Freely], Supply] = {}

    def of(self, shape: Shape, *, freely: Freely) -> Supply:
        """The supply of values of a shape."""
        key = (shape, freely)
        if key not in self._known:
            self._known[key] = Supply(shape, self.layouts, self.search, freely=freely)
        return self._known[key]


def path_cost(path: ReshardPath) -> Cost:
    """The cost of a path, as the choice counts it."""
    return (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps)
