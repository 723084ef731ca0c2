"""From a layout that is there to a layout that is needed: the cheapest sequence of steps.

Dijkstra over the layouts of one value.  What the search may try is pruned as SEMANTICS section 8 says:
atoms that neither end mentions are never touched, a slice or an exchange goes only toward the target,
a reduce-scatter lands only on a dimension that either end splits, a permute is a reordering or the last
step.  What both ends hold alike stays where it is: only the difference is searched, and equal differences
are searched once.  Weights are gathered only where no other way exists; that is counted first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import combinations, count, takewhile
from typing import NamedTuple

import attrs

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
    local_bytes,
    make_layout,
)
from helixc.ir.mesh import Mesh
from helixc.ir.tensor import TensorType
from helixc.price.collective import CollectivePrices, step_bytes


class PathCost(NamedTuple):
    """Compared in this order: unasked weight gathers, time, bytes received, number of steps."""

    gathers: int = 0
    picoseconds: int = 0
    bytes: int = 0
    steps: int = 0


@attrs.frozen
class Leg:
    """One step of a path: the layout after it and its own time."""

    step: Step
    layout: Layout
    picoseconds: int


@attrs.frozen
class ReshardPath:
    """Steps from one layout to another, and their cost."""

    legs: tuple[Leg, ...]
    cost: PathCost


STAY = ReshardPath(legs=(), cost=PathCost())


@attrs.frozen(cache_hash=True)
class _Difference:
    """What is left of a reshard without the atoms that both ends hold alike.

    ``block``: bytes of a GPU's block that only those atoms split.  ``room``: what is left of the size of
    each dimension that either end splits, in the order of the type.
    """

    block: int
    room: tuple[tuple[str, int], ...]
    source: Layout
    target: Layout
    stored: bool


class ReshardSearch:
    """Finds paths on one mesh of one cluster, and remembers them.

    ``stored``: the value is a weight or a cache, which is never gathered unasked.
    """

    def __init__(self, prices: CollectivePrices, sizes: Mapping[str, int]) -> None:
        self.prices = prices
        self.mesh = prices.mesh
        self.sizes = sizes
        self._known: dict[tuple[TensorType, Layout, Layout, bool], ReshardPath | None] = {}
        self._searched: dict[_Difference, ReshardPath | None] = {}

    def path(
        self, type_: TensorType, source: Layout, target: Layout, *, stored: bool = False
    ) -> ReshardPath | None:
        """The cheapest path, or None if there is none (a partial maximum wanted as a sum, say)."""
        if source == target:
            return STAY
        key = (type_, source, target, stored)
        if key not in self._known:
            self._known[key] = self._find(type_, source, target, stored=stored)
        return self._known[key]

    def _find(
        self, type_: TensorType, source: Layout, target: Layout, *, stored: bool
    ) -> ReshardPath | None:
        common = _common(source, target)
        block = local_bytes(type_, common, self.sizes, self.mesh)
        dims = [d for d in type_.dims if source.atoms_of(d) or target.atoms_of(d)]
        # Dimensions go by number, so that equal layers with dimensions of their own share a search.
        numbers = {dim: f"{number:03}" for number, dim in enumerate(dims)}
        room = tuple(
            (numbers[dim], self.sizes[dim] // self.mesh.ways(common.atoms_of(dim))) for dim in dims
        )
        start = _renamed(_without(source, common), numbers)
        end = _renamed(_without(target, common), numbers)
        difference = _Difference(block, room, start, end, stored)
        if difference not in self._searched:
            self._searched[difference] = _search(difference, self.prices)
        found = self._searched[difference]
        if found is None:
            return None
        names = {number: dim for dim, number in numbers.items()}
        return ReshardPath(
            tuple(_beside(leg, names, common, self.mesh) for leg in found.legs), found.cost
        )


def _common(source: Layout, target: Layout) -> Layout:
    """What two layouts hold alike: equal beginnings of tuples, and atoms partial in both."""
    split = {dim: _alike(atoms, target.atoms_of(dim)) for dim, atoms in source.split}
    partial = tuple(a for a in source.partial if a in target.partial)
    same_kind = source.kind == target.kind
    return make_layout(split, partial if same_kind else (), source.kind)


def _alike(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """The equal beginning of two tuples."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))
    return tuple(atom for atom, _ in pairs)


def _without(layout: Layout, common: Layout) -> Layout:
    split = {dim: atoms[len(common.atoms_of(dim)) :] for dim, atoms in layout.split}
    partial = tuple(a for a in layout.partial if a not in common.partial)
    return make_layout(split, partial, layout.kind)


def _joined(layout: Layout, common: Layout, mesh: Mesh) -> Layout:
    split = dict(common.split)
    for dim, atoms in layout.split:
        split[dim] = (*split.get(dim, ()), *atoms)
    partial = sorted((*common.partial, *layout.partial), key=mesh.order.__getitem__)
    return make_layout(split, partial, layout.kind or common.kind)


def _renamed(layout: Layout, names: Mapping[str, str]) -> Layout:
    split = {names[dim]: atoms for dim, atoms in layout.split}
    return make_layout(split, layout.partial, layout.kind)


def _beside(leg: Leg, names: Mapping[str, str], common: Layout, mesh: Mesh) -> Leg:
    """A leg of the difference as a leg of the whole layouts."""
    layout = _joined(_renamed(leg.layout, names), common, mesh)
    return Leg(_step_on(leg.step, names, layout), layout, leg.picoseconds)


def _step_on(step: Step, names: Mapping[str, str], after: Layout) -> Step:
    match step:
        case Slice() | AllGather() | ReduceScatter():
            return attrs.evolve(step, dim=names[step.dim])
        case AllToAll():
            return AllToAll(names[step.source], names[step.target], step.atoms)
        case Permute():
            return Permute(after)
        case AllReduce() | Seed():
            return step


def _search(difference: _Difference, prices: CollectivePrices) -> ReshardPath | None:
    moves = _Moves(difference, prices.mesh)
    order = count()
    heap: list[tuple[PathCost, int, Layout, tuple[Leg, ...]]] = []
    heapq.heappush(heap, (PathCost(), next(order), difference.source, ()))
    done: set[Layout] = set()
    while heap:
        cost, _, layout, legs = heapq.heappop(heap)
        if layout == difference.target:
            return ReshardPath(legs, cost)
        if layout in done:
            continue
        done.add(layout)
        held = _block(difference.block, layout, prices.mesh)
        for step, after in moves.of(layout):
            if after in done:
                continue
            time = prices.picoseconds(step, held, layout)
            gathers = int(difference.stored and isinstance(step, AllGather))
            grown = PathCost(
                cost.gathers + gathers,
                cost.picoseconds + time,
                cost.bytes + step_bytes(step, held, prices.mesh),
                cost.steps + 1,
            )
            # Ties go to the path that was found first: the order of moves is fixed.
            heapq.heappush(heap, (grown, next(order), after, (*legs, Leg(step, after, time))))
    return None


def _block(block: int, layout: Layout, mesh: Mesh) -> int:
    for _, atoms in layout.split:
        block = -(-block // mesh.ways(atoms))
    return block


class _Moves:
    """The steps worth trying from a layout, on the way to one target."""

    def __init__(self, difference: _Difference, mesh: Mesh) -> None:
        self.room = dict(difference.room)
        self.mesh = mesh
        self.target = difference.target
        self.target_split = dict(difference.target.split)

    def of(self, layout: Layout) -> Iterator[tuple[Step, Layout]]:
        """Steps and the layouts that they lead to."""
        split = dict(layout.split)
        settled = {
            dim: len(_alike(atoms, self.target_split.get(dim, ()))) for dim, atoms in split.items()
        }
        yield from self._slices(layout, split)
        yield from self._gathers(layout, split, settled)
        yield from self._reductions(layout, split)
        yield from self._exchanges(layout, split, settled)
        yield from self._permutes(layout, split, settled)
        yield from self._seeds(layout, split)

    def _with(
        self, layout: Layout, split: Mapping[str, tuple[str, ...]], partial: tuple[str, ...]
    ) -> Layout:
        return make_layout(split, partial, layout.kind)

    def _fits(self, dim: str, atoms: tuple[str, ...]) -> bool:
        return self.room[dim] % self.mesh.ways(atoms) == 0

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
        for length in range(len(open_), 0, -1):
            for atoms in combinations(open_, length):
                rest = tuple(a for a in layout.partial if a not in atoms)
                yield AllReduce(atoms), self._with(layout, split, rest)
        for dim in self.room:
            for atoms in self._scattered(dim, open_):
                after = (*split.get(dim, ()), *atoms)
                if self._fits(dim, after):
                    rest = tuple(a for a in layout.partial if a not in atoms)
                    step = ReduceScatter(dim, atoms)
                    yield step, self._with(layout, {**split, dim: after}, rest)

    def _scattered(self, dim: str, open_: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Orders in which partial atoms may land on a dimension: the target's, or the mesh's."""
        wanted = tuple(a for a in self.target_split.get(dim, ()) if a in open_)
        found = [wanted[:length] for length in range(len(wanted), 0, -1)]
        for length in range(len(open_), 0, -1):
            found += [c for c in combinations(open_, length) if c not in found]
        return found

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
        if layout.partial == self.target.partial and self._same_blocks(split):
            yield Permute(self.target), self.target
        for dim, atoms in layout.split:
            first, loose = atoms[: settled[dim]], atoms[settled[dim] :]
            for length in range(1, len(loose)):
                for last in combinations(loose, length):
                    after = (*first, *(a for a in loose if a not in last), *last)
                    if after != atoms:
                        reordered = self._with(layout, {**split, dim: after}, layout.partial)
                        yield Permute(reordered), reordered

    def _same_blocks(self, split: dict[str, tuple[str, ...]]) -> bool:
        dims = {*split, *self.target_split}
        return all(
            self.mesh.ways(split.get(d, ())) == self.mesh.ways(self.target_split.get(d, ()))
            for d in dims
        )

    def _seeds(
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        used = layout.used
        atoms = tuple(a for a in self.target.partial if a not in used)
        if atoms and self.target.kind == "sum" and layout.kind in ("", "sum"):
            partial = tuple(sorted({*layout.partial, *atoms}, key=self.mesh.order.__getitem__))
            yield Seed(atoms), make_layout(split, partial, "sum")
