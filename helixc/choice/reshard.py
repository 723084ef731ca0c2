"""From a layout that is there to a layout that is needed: the cheapest sequence of steps.

Dijkstra over the layouts of one value, with the steps that ``moves`` allows.  Weights are gathered only
where no other way exists; that is counted before anything else.
"""

from __future__ import annotations

import heapq
from itertools import count
from math import gcd
from sys import maxsize
from typing import NamedTuple

import attrs

from helixc.choice.difference import Difference, Shape, subtract
from helixc.choice.moves import Moves, StepTable
from helixc.ir.layout import AllGather, AllReduce, Layout, Seed, Slice, Step
from helixc.ir.layout_steps import apply_step
from helixc.ir.mesh import Mesh
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


# A search that has seen so many layouts gives up, and so do all when they have seen so many together:
# with up to four mesh axes none comes near.
MOST_LAYOUTS = 1000
MOST_IN_ALL = 80_000

NEVER = PathCost(maxsize)
STAY = ReshardPath(legs=(), cost=PathCost())


class ReshardSearch:
    """Finds paths on one mesh of one cluster, and remembers them.

    ``cut_short``: some search saw too many layouts and took a plain path instead of the cheapest, or
    did not try every subset of many atoms.
    """

    def __init__(self, prices: CollectivePrices) -> None:
        self.prices = prices
        self.mesh = prices.mesh
        self._known: dict[tuple[Shape, Layout, Layout, bool], ReshardPath | None] = {}
        self._searched: dict[Difference, ReshardPath | None] = {}
        self._tables: dict[tuple[tuple[tuple[str, int], ...], Layout], StepTable] = {}
        self.cut_short = False
        self._left = MOST_IN_ALL

    def path(
        self, shape: Shape, source: Layout, target: Layout, *, stored: bool = False
    ) -> ReshardPath | None:
        """The cheapest path, or None if there is none (a partial maximum wanted as a sum, say).

        ``stored``: the value is a weight or a cache, which is never gathered unasked.
        """
        if source == target:
            return STAY
        key = (shape, source, target, stored)
        if key not in self._known:
            self._known[key] = self._find(shape, source, target, stored=stored)
        return self._known[key]

    def _find(
        self, shape: Shape, source: Layout, target: Layout, *, stored: bool
    ) -> ReshardPath | None:
        difference, common = subtract(shape, source, target, self.mesh, stored=stored)
        if difference not in self._searched:
            self._searched[difference] = self._cheapest(difference)
        found = self._searched[difference]
        if found is None:
            return None
        legs: list[Leg] = []
        for leg in found.legs:
            layout = common.layout_beside(leg.layout)
            legs.append(Leg(common.step_beside(leg.step, layout), layout, leg.picoseconds))
        return ReshardPath(tuple(legs), found.cost)

    def _cheapest(self, difference: Difference) -> ReshardPath | None:
        table = self._table(difference)
        found, seen = _search(difference, table, self.prices, min(MOST_LAYOUTS, self._left))
        self._left -= seen
        self.cut_short |= table.moves.cut_short or found is None
        if found is None:
            return _plain(difference, self.prices)
        return found if found.cost.steps else None

    def _table(self, difference: Difference) -> StepTable:
        """The steps toward a target; which there are depends on what the mesh divides of a size alone."""
        devices = self.mesh.devices
        room = tuple((dim, gcd(size, devices)) for dim, size in difference.room)
        key = (room, difference.target)
        if key not in self._tables:
            self._tables[key] = StepTable(Moves(difference, self.mesh))
        return self._tables[key]


# Where the best way to a layout came from: the layout before, the step, its time.
_Arrivals = dict[int, tuple[int, Step, int]]


def _search(
    difference: Difference, table: StepTable, prices: CollectivePrices, most: int
) -> tuple[ReshardPath | None, int]:
    """The cheapest path, and how many layouts were seen.

    The path is empty if there is none, and None after too many layouts.
    """
    order = count()
    start, end = table.number(difference.source), table.number(difference.target)
    heap = [(PathCost(), next(order), start)]
    least = {start: PathCost(), end: NEVER}
    arrivals: _Arrivals = {}
    done: set[int] = set()
    while heap:
        cost, _, here = heapq.heappop(heap)
        if here == end:
            return ReshardPath(_legs(end, arrivals, table), cost), len(done)
        if here in done:
            continue
        if len(done) >= most:
            return None, len(done)
        done.add(here)
        layout = table.layouts[here]
        held = _block(difference.block, layout, prices.mesh)
        for step, after in table.of(here):
            if after in done:
                continue
            time = prices.picoseconds(step, held, layout)
            grown = PathCost(
                cost.gathers + (difference.stored and isinstance(step, AllGather)),
                cost.picoseconds + time,
                cost.bytes + step_bytes(step, held, prices.mesh),
                cost.steps + 1,
            )
            # Ties go to the path that was found first: the order of moves is fixed.
            if grown < least[end] and grown < least.get(after, NEVER):
                least[after] = grown
                arrivals[after] = (here, step, time)
                heapq.heappush(heap, (grown, next(order), after))
    return ReshardPath(legs=(), cost=PathCost()), len(done)


def _plain(difference: Difference, prices: CollectivePrices) -> ReshardPath | None:
    """Combine and join everything, then slice: a path that there always is, if there is any."""
    source, target = difference.source, difference.target
    if set(source.partial) & set(target.partial) or target.kind not in ("", "sum"):
        return None
    steps: list[Step] = [AllReduce(source.partial)] if source.partial else []
    steps += [AllGather(dim, atoms) for dim, atoms in source.split]
    steps += [Slice(dim, atoms) for dim, atoms in target.split]
    steps += [Seed(target.partial)] if target.partial else []
    legs: list[Leg] = []
    cost, layout = PathCost(), source
    for step in steps:
        held = _block(difference.block, layout, prices.mesh)
        time = prices.picoseconds(step, held, layout)
        layout = apply_step(layout, step, prices.mesh)
        legs.append(Leg(step, layout, time))
        cost = PathCost(
            cost.gathers + (difference.stored and isinstance(step, AllGather)),
            cost.picoseconds + time,
            cost.bytes + step_bytes(step, held, prices.mesh),
            cost.steps + 1,
        )
    return ReshardPath(tuple(legs), cost)


def _legs(here: int, arrivals: _Arrivals, table: StepTable) -> tuple[Leg, ...]:
    """The steps that led to a layout, in order."""
    legs: list[Leg] = []
    while here in arrivals:
        before, step, time = arrivals[here]
        legs.append(Leg(step, table.layouts[here], time))
        here = before
    return tuple(reversed(legs))


def _block(block: int, layout: Layout, mesh: Mesh) -> int:
    for _, atoms in layout.split:
        block = -(-block // mesh.ways(atoms))
    return block
