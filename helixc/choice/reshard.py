"""From a layout that is there to a layout that is needed: the cheapest sequence of steps.

Dijkstra over the layouts of one value.  What the search may try is pruned as SEMANTICS section 8 says:
atoms that neither end mentions are never touched, a slice or an exchange goes only toward the target,
a reduce-scatter lands only on a dimension that either end splits, a permute is a reordering or the last
step.  Weights are gathered only where no other way exists; that is counted before anything else.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import combinations, count
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


class ReshardSearch:
    """Finds paths on one mesh of one cluster, and remembers them.

    ``stored``: the value is a weight or a cache, which is never gathered unasked.
    """

    def __init__(self, prices: CollectivePrices, sizes: Mapping[str, int]) -> None:
        self.prices = prices
        self.mesh = prices.mesh
        self.sizes = sizes
        self._known: dict[tuple[TensorType, Layout, Layout, bool], ReshardPath | None] = {}

    def path(
        self, type_: TensorType, source: Layout, target: Layout, *, stored: bool = False
    ) -> ReshardPath | None:
        """The cheapest path, or None if there is none (a partial maximum wanted as a sum, say)."""
        if source == target:
            return STAY
        key = (type_, source, target, stored)
        if key not in self._known:
            self._known[key] = self._search(type_, source, target, stored=stored)
        return self._known[key]

    def _search(
        self, type_: TensorType, source: Layout, target: Layout, *, stored: bool
    ) -> ReshardPath | None:
        moves = _Moves(type_, source, target, self.sizes, self.mesh)
        order = count()
        heap: list[tuple[PathCost, str, int, Layout, tuple[Leg, ...]]] = []
        heapq.heappush(heap, (PathCost(), "", next(order), source, ()))
        done: set[Layout] = set()
        while heap:
            cost, text, _, layout, legs = heapq.heappop(heap)
            if layout == target:
                return ReshardPath(legs, cost)
            if layout in done:
                continue
            done.add(layout)
            held = local_bytes(type_, layout, self.sizes, self.mesh)
            for step, after in moves.of(layout):
                if after in done:
                    continue
                time = self.prices.picoseconds(step, held, layout)
                grown = PathCost(
                    cost.gathers + int(stored and isinstance(step, AllGather)),
                    cost.picoseconds + time,
                    cost.bytes + step_bytes(step, held, self.mesh),
                    cost.steps + 1,
                )
                leg = Leg(step, after, time)
                heapq.heappush(heap, (grown, f"{text};{step}", next(order), after, (*legs, leg)))
        return None


class _Moves:
    """The steps worth trying from a layout, on the way to one target."""

    def __init__(
        self,
        type_: TensorType,
        source: Layout,
        target: Layout,
        sizes: Mapping[str, int],
        mesh: Mesh,
    ) -> None:
        self.sizes = sizes
        self.mesh = mesh
        self.target = target
        self.target_split = dict(target.split)
        ends = {dim for dim, _ in (*source.split, *target.split)}
        self.landing = [dim for dim in type_.dims if dim in ends]

    def of(self, layout: Layout) -> Iterator[tuple[Step, Layout]]:
        """Steps and the layouts that they lead to."""
        split = dict(layout.split)
        yield from self._slices(layout, split)
        yield from self._gathers(layout, split)
        yield from self._reductions(layout, split)
        yield from self._exchanges(layout, split)
        yield from self._permutes(layout, split)
        yield from self._seeds(layout, split)

    def _with(
        self, layout: Layout, split: Mapping[str, tuple[str, ...]], partial: tuple[str, ...]
    ) -> Layout:
        return make_layout(split, partial, layout.kind)

    def _fits(self, dim: str, atoms: tuple[str, ...]) -> bool:
        return self.sizes[dim] % self.mesh.ways(atoms) == 0

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
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        for dim, atoms in layout.split:
            if atoms == self.target_split.get(dim):
                continue
            for length in range(1, len(atoms) + 1):
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
        for dim in self.landing:
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
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        for source, held in layout.split:
            for length in range(1, len(held) + 1):
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
        self, layout: Layout, split: dict[str, tuple[str, ...]]
    ) -> Iterator[tuple[Step, Layout]]:
        if layout.partial == self.target.partial and self._same_blocks(split):
            yield Permute(self.target), self.target
        for dim, atoms in layout.split:
            for length in range(1, len(atoms)):
                for last in combinations(atoms, length):
                    after = (*(a for a in atoms if a not in last), *last)
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
