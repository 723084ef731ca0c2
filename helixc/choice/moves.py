"""The steps worth trying from a layout on the way to another.

Atoms that neither end mentions are never touched, a slice or an exchange goes only toward the target, a
reduce-scatter lands only on a dimension that either end splits, a permute is a reordering or the last
step (or the first, where blocks are turned), and what already lies as the target has it stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import prod
from typing import NamedTuple

from helixc.choice.difference import Difference, alike
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    make_layout,
)
from helixc.ir.mesh import Mesh
from helixc.price.collective import CollectivePrices, Demand, received_parts

# With more atoms than this not every subset of them is tried.
ALL_SUBSETS = 4


class Moves:
    """The steps worth trying from a layout, on the way to one target.

    ``any_size``: those too that sizes do not allow.  ``cut_short``: there were more subsets of atoms than
    are tried.
    """

    def __init__(self, difference: Difference, mesh: Mesh, *, any_size: bool = False) -> None:
        self.room = dict(difference.room)
        self.mesh = mesh
        self.target = difference.target
        self.target_split = dict(difference.target.split)
        self.any_size = any_size
        self.cut_short = False
        self._subsets: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        self._landings: dict[tuple[str, tuple[str, ...]], list[tuple[str, ...]]] = {}

    def of(self, layout: Layout) -> Iterator[tuple[Step, Layout]]:
        """Steps and the layouts that they lead to."""
        split = dict(layout.split)
        if layout.turned:
            yield from self._straightened(layout, split)
            return
        settled = {
            dim: len(alike(atoms, self.target_split.get(dim, ()))) for dim, atoms in split.items()
        }
        yield from self._slices(layout, split)
        yield from self._gathers(layout, split, settled)
        if layout.partial:
            yield from self._reductions(layout, split)
        yield from self._exchanges(layout, split, settled)
        yield from self._permutes(layout, split, settled)
        if self.target.partial:
            yield from self._seeds(layout, split)

    def _with(
        self, layout: Layout, split: Mapping[str, tuple[str, ...]], partial: tuple[str, ...]
    ) -> Layout:
        return make_layout(split, partial, layout.kind)

    def _fits(self, dim: str, atoms: tuple[str, ...]) -> bool:
        return self.any_size or self.mesh.divides(atoms, self.room[dim])

    def _slices(
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        used = layout.used
        for dim, wanted in self.target.split:
            missing = tuple(atom for atom in wanted if atom not in used)
            for length in range(1, len(missing) + 1):
                atoms = missing[:length]
                after = (*split.get(dim, ()), *atoms)
                if self._fits(dim, after):
                    step = Slice(dim, atoms)
                    yield step, self._with(layout, {**split, dim: after}, layout.partial)

    def _gathers(
        self,
        layout: Layout,
        split: dict[str, tuple[str, ...]],
        settled: Mapping[str, int],
    ) -> Iterator[tuple[Step, Layout]]:
        for dim, atoms in layout.split:
            for length in range(1, len(atoms) - settled[dim] + 1):
                kept = atoms[: len(atoms) - length]
                step = AllGather(dim, atoms[len(atoms) - length :])
                yield step, self._with(layout, {**split, dim: kept}, layout.partial)

    def _reductions(
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        open_ = tuple(a for a in layout.partial if a not in self.target.partial)
        for atoms in self._parts(open_):
            rest = tuple(a for a in layout.partial if a not in atoms)
            yield AllReduce(atoms), self._with(layout, split, rest)
        for dim in self.room if open_ else ():
            for atoms in self._scattered(dim, open_):
                after = (*split.get(dim, ()), *atoms)
                if self._fits(dim, after):
                    rest = tuple(a for a in layout.partial if a not in atoms)
                    step = ReduceScatter(dim, atoms)
                    yield step, self._with(layout, {**split, dim: after}, rest)

    def _scattered(self, dim: str, open_: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Orders in which partial atoms may land on a dimension: the target's, or the mesh's."""
        key = (dim, open_)
        if key not in self._landings:
            wanted = tuple(a for a in self.target_split.get(dim, ()) if a in open_)
            found = [wanted[:length] for length in range(len(wanted), 0, -1)]
            found += [part for part in self._parts(open_) if part not in found]
            self._landings[key] = found
        return self._landings[key]

    def _exchanges(
        self,
        layout: Layout,
        split: dict[str, tuple[str, ...]],
        settled: Mapping[str, int],
    ) -> Iterator[tuple[Step, Layout]]:
        for source, held in layout.split:
            for length in range(1, len(held) - settled[source] + 1):
                atoms = held[len(held) - length :]
                kept = held[: len(held) - length]
                for dim, wanted in self.target.split:
                    after = (*split.get(dim, ()), *atoms)
                    if dim == source or not set(atoms) & set(wanted) or not self._fits(dim, after):
                        continue
                    step = AllToAll(source, dim, atoms)
                    changed = {**split, source: kept, dim: after}
                    yield step, self._with(layout, changed, layout.partial)

    def _permutes(
        self,
        layout: Layout,
        split: dict[str, tuple[str, ...]],
        settled: Mapping[str, int],
    ) -> Iterator[tuple[Step, Layout]]:
        held = (layout.partial, layout.kind)
        if held == (self.target.partial, self.target.kind) and self._same_blocks(split):
            yield Permute(self.target), self.target
        for dim, atoms in layout.split:
            first, loose = atoms[: settled[dim]], atoms[settled[dim] :]
            for last in self._parts(loose) if len(loose) > 1 else ():
                after = (*first, *(a for a in loose if a not in last), *last)
                if after != atoms:
                    reordered = self._with(layout, {**split, dim: after}, layout.partial)
                    yield Permute(reordered), reordered

    def _straightened(
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        """Turned blocks are put in order before anything else, at best as the target has them."""
        yield Permute(layout.straight), layout.straight
        held = (layout.partial, layout.kind)
        if held == (self.target.partial, self.target.kind) and self._same_blocks(split):
            yield Permute(self.target), self.target

    def _same_blocks(self, split: dict[str, tuple[str, ...]]) -> bool:
        dims = {*split, *self.target_split}
        return self.any_size or all(
            self.mesh.ways(split.get(d, ())) == self.mesh.ways(self.target_split.get(d, ()))
            for d in dims
        )

    def _seeds(
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        used = layout.used
        atoms = tuple(a for a in self.target.partial if a not in used)
        if atoms and self.target.kind == "sum" and layout.kind in ("", "sum"):
            partial = self.mesh.in_order({*layout.partial, *atoms})
            yield Seed(atoms), make_layout(split, partial, "sum")

    def _parts(self, atoms: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The subsets of some atoms, the largest first; of many only beginnings, ends and ones."""
        self.cut_short |= len(atoms) > ALL_SUBSETS
        if atoms not in self._subsets:
            self._subsets[atoms] = _subsets(atoms)
        return self._subsets[atoms]


class Edge(NamedTuple):
    """A step on the way and the number of the layout that it leads to.

    ``demand``: what it asks for.  ``received`` of ``parts`` equal parts of the block are received.
    """

    step: Step
    after: int
    gathers: bool
    demand: Demand | None
    received: int
    parts: int


class StepTable:
    """The steps on the way to one target, looked up once from each layout; layouts go by number.

    ``layouts``: by their numbers; ``ways``: into how many blocks each cuts a value.
    """

    def __init__(self, moves: Moves, prices: CollectivePrices) -> None:
        self.moves = moves
        self.prices = prices
        self.layouts: list[Layout] = []
        self.ways: list[int] = []
        self._numbers: dict[Layout, int] = {}
        self._edges: dict[int, tuple[Edge, ...]] = {}

    def number(self, layout: Layout) -> int:
        """The number by which a layout goes."""
        number = self._numbers.get(layout)
        if number is None:
            number = self._numbers[layout] = len(self.layouts)
            self.layouts.append(layout)
            self.ways.append(prod(self.moves.mesh.ways(atoms) for _, atoms in layout.split))
        return number

    def of(self, number: int) -> tuple[Edge, ...]:
        """The steps from a layout."""
        found = self._edges.get(number)
        if found is None:
            layout = self.layouts[number]
            moves = self.moves.of(layout)
            found = tuple(self._edge(step, layout, after) for step, after in moves)
            self._edges[number] = found
        return found

    def _edge(self, step: Step, before: Layout, after: Layout) -> Edge:
        received, parts = received_parts(step, self.moves.mesh)
        demand = self.prices.demand(step, before)
        gathers = isinstance(step, AllGather)
        return Edge(step, self.number(after), gathers, demand, received, parts)


def _subsets(atoms: tuple[str, ...]) -> list[tuple[str, ...]]:
    if len(atoms) <= ALL_SUBSETS:
        lengths = range(len(atoms), 0, -1)
        return [part for length in lengths for part in combinations(atoms, length)]
    found = [part for i in range(len(atoms)) for part in (atoms[: len(atoms) - i], atoms[i:])]
    return list(dict.fromkeys([*found, *((atom,) for atom in atoms)]))
