"""From a layout that is there to a layout that is needed: the cheapest sequence of steps.

Dijkstra over the layouts of one value, with the steps that ``moves`` allows.  Weights are gathered only
where no other way exists; that is counted before anything else.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import NamedTuple

import attrs

from helixc.choice.difference import Difference, Shape, subtract
from helixc.choice.moves import Moves
from helixc.ir.layout import AllGather, Layout, Step
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


STAY = ReshardPath(legs=(), cost=PathCost())


class ReshardSearch:
    """Finds paths on one mesh of one cluster, and remembers them."""

    def __init__(self, prices: CollectivePrices) -> None:
        self.prices = prices
        self.mesh = prices.mesh
        self._known: dict[tuple[Shape, Layout, Layout, bool], ReshardPath | None] = {}
        self._searched: dict[Difference, ReshardPath | None] = {}

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
            self._searched[difference] = _search(difference, self.prices)
        found = self._searched[difference]
        if found is None:
            return None
        legs: list[Leg] = []
        for leg in found.legs:
            layout = common.layout_beside(leg.layout)
            legs.append(Leg(common.step_beside(leg.step, layout), layout, leg.picoseconds))
        return ReshardPath(tuple(legs), found.cost)


# Where the best way to a layout came from: the layout before, the step, its time.
_Arrivals = dict[Layout, tuple[Layout, Step, int]]


def _search(difference: Difference, prices: CollectivePrices) -> ReshardPath | None:
    moves = Moves(difference, prices.mesh)
    order = count()
    heap = [(PathCost(), next(order), difference.source)]
    least = {difference.source: PathCost()}
    arrivals: _Arrivals = {}
    done: set[Layout] = set()
    while heap:
        cost, _, layout = heapq.heappop(heap)
        if layout == difference.target:
            return ReshardPath(_legs(layout, arrivals), cost)
        if layout in done:
            continue
        done.add(layout)
        held = _block(difference.block, layout, prices.mesh)
        for step, after in moves.of(layout):
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
            if after not in least or grown < least[after]:
                least[after] = grown
                arrivals[after] = (layout, step, time)
                heapq.heappush(heap, (grown, next(order), after))
    return None


def _legs(layout: Layout, arrivals: _Arrivals) -> tuple[Leg, ...]:
    """The steps that led to a layout, in order."""
    legs: list[Leg] = []
    while layout in arrivals:
        before, step, time = arrivals[layout]
        legs.append(Leg(step, layout, time))
        layout = before
    return tuple(reversed(legs))


def _block(block: int, layout: Layout, mesh: Mesh) -> int:
    for _, atoms in layout.split:
        block = -(-block // mesh.ways(atoms))
    return block
