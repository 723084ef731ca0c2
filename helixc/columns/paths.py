"""The cheapest paths from one layout of a value to another, for a column of plans.

What ``choice.reshard`` finds plan by plan with Dijkstra's algorithm: the same steps, the same prices, the
same order of costs, relaxed for all plans at once (Bellman, Quarterly of Applied Mathematics 16(1), 1958).
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from helixc.choice.difference import Common, Freely, Shape, subtract, unasked
from helixc.columns.family import NEVER, Column, Family, Mask, NotInColumns, gaps_and_sizes
from helixc.columns.graphs import Edge, Graph, build_graph, first_found
from helixc.columns.prices import StepPrices
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
)
from helixc.ir.layout_steps import moved_atoms

# A cost is two numbers: weight gathers and picoseconds, then what decides between equal times.
GATHER = 2**56
MOST_PICOSECONDS = 2**53
STEPS_BITS = 6


@attrs.frozen(eq=False)
class Leg:
    """One step of a path, the layout after it, and its picoseconds in each plan."""

    step: Step
    layout: Layout
    picoseconds: Column


@attrs.frozen(eq=False)
class Paths:
    """The path of each plan: ``which`` of ``found`` it takes, -1 where there is none.

    ``first``: weight gathers and picoseconds, ``steps``: how many.
    """

    found: tuple[tuple[Leg, ...], ...]
    which: Column
    first: Column
    steps: Column


class PathFinder:
    """Finds paths for families of plans on one cluster; the graphs serve all families."""

    def __init__(self, prices: StepPrices) -> None:
        self._prices = prices
        self._graphs: dict[object, Graph] = {}

    def find(
        self, family: Family, shape: Shape, source: Layout, target: Layout, *, freely: Freely
    ) -> Paths:
        """The cheapest path of each plan; ``freely``: a weight is gathered unasked over these atoms alone."""
        difference, common = subtract(shape, source, target, family.mesh, freely=freely)
        partial = {*difference.source.partial, *difference.target.partial}
        order = family.mesh.in_order(partial) if difference.target.partial else ()
        dims = tuple(dim for dim, _ in difference.room)
        key = (difference.source, difference.target, dims, order)
        graph = self._graphs.get(key)
        if graph is None:
            graph = self._graphs[key] = build_graph(difference, family.mesh)
        search = _Search(family, self._prices, graph, common, shape, freely=freely)
        return search.paths()


class _Search:
    """One search for all plans of a family."""

    def __init__(
        self,
        family: Family,
        prices: StepPrices,
        graph: Graph,
        common: Common,
        shape: Shape,
        *,
        freely: Freely,
    ) -> None:
        self.family = family
        self.prices = prices
        self.graph = graph
        self.common = common
        self.shape = shape
        self.freely = freely
        self.times: dict[int, Column] = {}
        self._held: dict[int, Column] = {}
        names = common.names
        sizes = shape.known
        self.room = {
            number: sizes[dim] // family.ways(common.layout.atoms_of(dim))
            for number, dim in names.items()
        }
        self.block = family.part_bytes(shape, common.layout)

    def paths(self) -> Paths:
        """The path of each plan."""
        graph, family = self.graph, self.family
        if graph.target < 0:
            never = np.full(family.plans, NEVER)
            return Paths((), family.zeros - 1, never, family.zeros)
        weights = [self._weight(number, edge) for number, edge in enumerate(graph.edges)]
        first = np.array([weight[0] for weight in weights])
        second = np.array([weight[1] for weight in weights])
        if len(graph.edges) == 1:
            return self._only(first[0])
        return self._relaxed(first, second)

    def _only(self, first: Column) -> Paths:
        """There is one step, and it is the path."""
        family = self.family
        path = (self._leg(0),)
        which = np.where(first < NEVER, 0, -1)
        return Paths((path,), which, first, family.ones)

    def _weight(self, number: int, edge: Edge) -> tuple[Column, Column]:
        family, step = self.family, edge.step
        held = self._held_in(edge.source)
        before = self.graph.layouts[edge.source]
        after = self.graph.layouts[edge.target]
        time = self._picoseconds(step, before, held)
        self.times[number] = time
        if time.max(initial=0) >= MOST_PICOSECONDS:
            raise NotInColumns
        first = time + GATHER if unasked(step, self.freely) else time
        second = (column_bytes(step, held, family) << STEPS_BITS) + 1
        if edge.fits:
            room, ways = self.room[edge.fits], family.ways(after.atoms_of(edge.fits))
            first = np.where(room % ways == 0, first, NEVER)
        elif edge.alike:
            first = np.where(self._relabels(before, after), first, NEVER)
        return first, second

    def _relabels(self, before: Layout, after: Layout) -> Mask:
        same = np.ones(self.family.plans, dtype=np.bool_)
        for dim in {dim for dim, _ in (*before.split, *after.split)}:
            one, other = before.atoms_of(dim), after.atoms_of(dim)
            if sorted(one) != sorted(other):
                same &= self.family.ways(one) == self.family.ways(other)
        return same

    def _held_in(self, number: int) -> Column:
        """Bytes of a block of the value in a layout of the graph."""
        if number not in self._held:
            block = self.block
            for _, atoms in self.graph.layouts[number].split:
                block = -(-block // self.family.ways(atoms))
            self._held[number] = block
        return self._held[number]

    def _picoseconds(self, step: Step, before: Layout, held: Column) -> Column:
        if isinstance(step, Slice | Seed):
            return self.family.zeros
        moved = moved_atoms(before, step.layout) if isinstance(step, Permute) else step.atoms
        key = (type(step), frozenset(moved), held.tobytes())
        known = self.family.step_times
        if key not in known:
            lying = places(self.family, self.prices, moved)
            known[key] = self.prices.column(type(step), lying, held)
        return known[key]

    def _relaxed(self, first: Column, second: Column) -> Paths:
        graph, plans = self.graph, self.family.plans
        sources, ends, starts, counts = graph.sources, graph.ends, graph.starts, graph.counts
        cost = np.full((len(graph.layouts), plans), NEVER)
        rest = np.full((len(graph.layouts), plans), NEVER)
        cost[0], rest[0] = 0, 0
        while True:
            ones, others = cost[sources] + first, rest[sources] + second
            least = np.minimum.reduceat(ones, starts)
            tight = ones == np.repeat(least, counts, axis=0)
            second_least = np.minimum.reduceat(np.where(tight, others, 2 * NEVER), starts)
            better = (least < cost[ends]) | ((least == cost[ends]) & (second_least < rest[ends]))
            better &= least < NEVER
            if not better.any():
                break
            cost[ends] = np.where(better, least, cost[ends])
            rest[ends] = np.where(better, second_least, rest[ends])
        targets = np.repeat(ends, counts)
        tight = (ones == cost[targets]) & (others == rest[targets]) & (ones < NEVER)
        return self._traced(cost, rest, tight, first, second)

    def _traced(
        self, cost: Column, rest: Column, tight: Mask, first: Column, second: Column
    ) -> Paths:
        """The paths, read backwards from their end."""
        graph, plans = self.graph, self.family.plans
        arriving = np.full((len(graph.layouts), plans), -1)
        several = np.zeros((len(graph.layouts), plans), dtype=np.bool_)
        sources = graph.sources
        bounds = [*graph.starts.tolist(), len(graph.edges)]
        for end, low, high in zip(graph.ends.tolist(), bounds, bounds[1:], strict=False):
            own = sources[low:high]
            edge, undecided = _first_found(tight[low:high], cost[own], rest[own], own)
            arriving[end] = np.where(edge < 0, -1, low + edge)
            several[end] = undecided
        here = np.where(cost[graph.target] < NEVER, graph.target, 0)
        rows, tied = np.arange(plans), np.zeros(plans, dtype=np.bool_)
        taken: list[Column] = [np.full(plans, -1)]
        while here.any():
            edge = np.where(here > 0, arriving[here, rows], -1)
            tied |= several[here, rows] & (here > 0)
            taken.append(edge)
            here = np.where(here > 0, sources[edge], 0)
        paths, numbers = np.unique(np.array(taken), axis=1, return_inverse=True)
        which = numbers.reshape(-1)
        found = [tuple(e for e in path if e >= 0) for path in paths.T.tolist()]
        for row in np.flatnonzero(tied).tolist():
            found.append(first_found(graph, first[:, row].tolist(), second[:, row].tolist()))
            which[row] = len(found) - 1
        return self._grouped(cost[graph.target], found, which)

    def _grouped(self, first: Column, taken: Sequence[tuple[int, ...]], which: Column) -> Paths:
        """``taken``: the edges of paths, last first, maybe some twice; ``which`` of them a plan takes."""
        numbers: dict[tuple[int, ...], int] = {}
        merged = [numbers.setdefault(path[::-1], len(numbers)) for path in taken]
        column = np.array(merged, dtype=np.int64)[which]
        lengths = np.array([len(path) for path in numbers])
        return Paths(
            found=tuple(tuple(self._leg(edge) for edge in path) for path in numbers),
            which=np.where(first < NEVER, column, -1),
            first=first,
            steps=lengths[column],
        )

    def _leg(self, number: int) -> Leg:
        edge = self.graph.edges[number]
        layout = self.common.layout_beside(self.graph.layouts[edge.target])
        return Leg(self.common.step_beside(edge.step, layout), layout, self.times[number])


def _first_found(tight: Mask, cost: Column, rest: Column, sources: Column) -> tuple[Column, Mask]:
    """Of edges that end alike and as cheaply the one that Dijkstra's algorithm finds first; -1: none.

    That is the one from the layout that is reached at the least cost, the first move of several; which
    of two layouts that are reached at equal costs came first is undecided here.
    """
    if len(sources) == 1:
        return np.where(tight[0], 0, -1), np.zeros_like(tight[0])
    least = np.where(tight, cost, NEVER).min(axis=0)
    cheapest = tight & (cost == least)
    least = np.where(cheapest, rest, 2 * NEVER).min(axis=0)
    cheapest &= rest == least
    edge = cheapest.argmax(axis=0)
    others = cheapest & (sources[:, None] != sources[edge])
    return np.where(_any(cheapest), edge, -1), _any(others)


def _any(masks: Mask) -> Mask:
    """The plans for which one of some masks holds."""
    return np.logical_or.reduce(masks, axis=0)


def column_bytes(step: Step, held: Column, family: Family) -> Column:
    """Bytes received per GPU, as ``price.collective.step_bytes`` has it."""
    match step:
        case Slice() | Seed():
            return family.zeros
        case AllGather():
            return (family.ways(step.atoms) - 1) * held
        case ReduceScatter() | AllToAll():
            ways = family.ways(step.atoms)
            return -(-(ways - 1) * held // ways)
        case AllReduce():
            ways = family.ways(step.atoms)
            return -(-2 * (ways - 1) * held // ways)
        case Permute():
            return held


def places(family: Family, prices: StepPrices, atoms: Sequence[str]) -> Column:
    """For each plan the number of where atoms lie in its mesh; remembered."""
    key = tuple(sorted(atoms))
    found = family.places.get(key)
    if found is None:
        found = family.places[key] = prices.places(gaps_and_sizes(family, key))
    return found
