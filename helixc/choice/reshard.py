"""From a layout that is there to a layout that is needed: the cheapest sequence of steps.

Dijkstra over the layouts of one value, with the steps that ``moves`` allows.  Weights are gathered only
where no other way exists; that is counted before anything else.
"""

from __future__ import annotations

import heapq
from functools import cached_property
from itertools import count
from math import gcd
from sys import maxsize
from typing import NamedTuple

import attrs

from helixc.choice.difference import Common, Difference, Freely, Shape, subtract, unasked
from helixc.choice.moves import Edge, Moves, StepTable
from helixc.ir.layout import WHOLE, AllGather, AllReduce, Layout, Permute, Seed, Slice, Step
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
class Between:
    """The cheapest path of a difference; without legs there is none."""

    legs: tuple[Leg, ...] = ()
    cost: PathCost = PathCost()


@attrs.frozen(slots=False)
class ReshardPath:
    """Steps from one layout to another, and their cost.

    ``layouts``: after each step.  ``between``: the path without ``common``, what both ends hold alike.
    """

    layouts: tuple[Layout, ...]
    between: Between
    common: Common

    @property
    def cost(self) -> PathCost:
        """What the path costs."""
        return self.between.cost

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """The steps, each with the layout after it; asked for only where a path is taken."""
        return tuple(
            Leg(self.common.step_beside(leg.step, layout), layout, leg.picoseconds)
            for leg, layout in zip(self.between.legs, self.layouts, strict=True)
        )


# A search that has seen so many layouts gives up, and so do all when they have seen so many together:
# with up to four mesh axes none comes near.
MOST_LAYOUTS = 1000
MOST_IN_ALL = 80_000

STAY = ReshardPath((), Between(), Common(WHOLE, {}, Mesh.uncut(())))


class ReshardSearch:
    """Finds paths on one mesh of one cluster, and remembers them.

    ``cut_short``: some search saw too many layouts and took a plain path instead of the cheapest, or
    did not try every subset of many atoms.
    """

    def __init__(self, prices: CollectivePrices) -> None:
        self.prices = prices
        self.mesh = prices.mesh
        self._known: dict[tuple[Shape, Layout, Layout, Freely], ReshardPath | None] = {}
        self._searched: dict[Difference, Between | None] = {}
        self._tables: dict[tuple[tuple[tuple[str, int], ...], Layout, bool], StepTable] = {}
        self.cut_short = False
        self._left = MOST_IN_ALL

    def path(
        self, shape: Shape, source: Layout, target: Layout, *, freely: Freely = None
    ) -> ReshardPath | None:
        """The cheapest path, or None if there is none (a partial maximum wanted as a sum, say).

        ``freely``: a weight is gathered unasked over these atoms alone.
        """
        if source == target:
            return STAY
        key = (shape, source, target, freely)
        if key not in self._known:
            self._known[key] = self._find(shape, source, target, freely=freely)
        return self._known[key]

    def _find(
        self, shape: Shape, source: Layout, target: Layout, *, freely: Freely
    ) -> ReshardPath | None:
        difference, common = subtract(shape, source, target, self.mesh, freely=freely)
        if difference not in self._searched:
            self._searched[difference] = self._cheapest(difference)
        found = self._searched[difference]
        if found is None:
            return None
        passed = [common.layout_beside(leg.layout) for leg in found.legs[:-1]]
        return ReshardPath((*passed, target), found, common)

    def _cheapest(self, difference: Difference) -> Between | None:
        table = self._table(difference)
        found, seen = _search(difference, table, min(MOST_LAYOUTS, self._left))
        self._left -= seen
        self.cut_short |= table.moves.cut_short or found is None
        if found is None:
            return _plain(difference, self.prices)
        return found if found.legs else None

    def _table(self, difference: Difference) -> StepTable:
        """The steps toward a target; which there are depends on what the mesh divides of a size alone.

        And on that only where something may be split: what is partial anywhere, all else as the target.
        """
        devices, target, partial = self.mesh.devices, difference.target, difference.source.partial
        room = tuple(
            (dim, gcd(size, devices))
            for dim, size in difference.room
            if partial or target.atoms_of(dim)
        )
        key = (room, target, bool(partial))
        if key not in self._tables:
            self._tables[key] = StepTable(Moves(difference, self.mesh), self.prices)
        return self._tables[key]


# As a ``PathCost``, which takes longer to make.
_Cost = tuple[int, int, int, int]
_NEVER: _Cost = (maxsize, 0, 0, 0)
# Where the best way to a layout came from: the layout before, the step, its time.
_Arrivals = dict[int, tuple[int, Step, int]]


def _search(difference: Difference, table: StepTable, most: int) -> tuple[Between | None, int]:
    """The cheapest path, and how many layouts were seen; None after too many layouts."""
    order = count()
    start, end = table.number(difference.source), table.number(difference.target)
    heap: list[tuple[_Cost, int, int]] = [((0, 0, 0, 0), next(order), start)]
    least: dict[int, _Cost] = {start: (0, 0, 0, 0), end: _NEVER}
    arrivals: _Arrivals = {}
    done: set[int] = set()
    while heap:
        cost, _, here = heapq.heappop(heap)
        if here == end:
            return Between(_legs(end, arrivals, table), PathCost(*cost)), len(done)
        if here in done:
            continue
        if len(done) >= most:
            return None, len(done)
        done.add(here)
        held = -(-difference.block // table.ways[here])
        for edge in table.of(here):
            grown = _grown(cost, edge, held, table, freely=difference.freely)
            # Ties go to the path that was found first: the order of moves is fixed.
            if grown < least[end] and grown < least.get(edge.after, _NEVER):
                least[edge.after] = grown
                arrivals[edge.after] = (here, edge.step, grown[1] - cost[1])
                heapq.heappush(heap, (grown, next(order), edge.after))
    return Between(), len(done)


def _grown(cost: _Cost, edge: Edge, held: int, table: StepTable, *, freely: Freely) -> _Cost:
    """The cost of a path and one step more, on a block of ``held`` bytes."""
    gathers, picoseconds, received, steps = cost
    return (
        gathers + (edge.gathers and unasked(edge.step, freely)),
        picoseconds + table.prices.demanded(edge.demand, held),
        received - (-edge.received * held // edge.parts),
        steps + 1,
    )


def _plain(difference: Difference, prices: CollectivePrices) -> Between | None:
    """Combine and join everything, then slice: a path that there always is, if there is any."""
    source, target = difference.source, difference.target
    if set(source.partial) & set(target.partial) or target.kind not in ("", "sum"):
        return None
    steps: list[Step] = [Permute(source.straight)] if source.turned else []
    steps += [AllReduce(source.partial)] if source.partial else []
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
            cost.gathers + unasked(step, difference.freely),
            cost.picoseconds + time,
            cost.bytes + step_bytes(step, held, prices.mesh),
            cost.steps + 1,
        )
    return Between(tuple(legs), cost)


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
