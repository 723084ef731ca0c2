"""The layouts between two layouts and the steps that lead from one to the next, whatever the sizes.

The same moves that ``choice.reshard`` searches, with those too that some sizes do not allow: each edge
says what it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.choice.difference import Difference
from helixc.choice.moves import Moves
from helixc.columns.family import NEVER, NotInColumns
from helixc.ir.layout import AllToAll, Layout, Permute, ReduceScatter, Slice, Step
from helixc.ir.mesh import Mesh

# More layouts than this are searched plan by plan.
MOST_LAYOUTS = 150


@attrs.frozen
class Edge:
    """A step from one layout (by number) to another.

    ``fits``: the dimension that must have room for its atoms in the layout after the step, or "".
    ``alike``: the step only relabels, so every dimension must be split as many ways after as before.
    """

    source: int
    target: int
    step: Step
    fits: str
    alike: bool


@attrs.frozen(eq=False)
class Graph:
    """``layouts``: number 0 is where paths start, ``target`` where they end (-1: out of reach).

    ``edges`` are sorted by target, ``sources`` are where they start; ``starts`` are the first edges of
    each in ``ends``, ``counts`` how many it has.  ``leaving``: for
    each layout the numbers of the edges from there, in the order in which they are tried.
    """

    layouts: tuple[Layout, ...]
    target: int
    edges: tuple[Edge, ...]
    ends: NDArray[np.int64]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    sources: NDArray[np.int64]
    leaving: tuple[tuple[int, ...], ...]


def build_graph(difference: Difference, mesh: Mesh) -> Graph:
    """All layouts that can be reached on the way from the source of a difference to its target."""
    moves = Moves(difference, mesh, any_size=True)
    numbers: dict[Layout, int] = {difference.source: 0}
    edges: list[Edge] = []
    pending = [difference.source]
    for layout in pending:
        if layout == difference.target:
            continue
        for step, after in moves.of(layout):
            if after not in numbers:
                numbers[after] = len(numbers)
                pending.append(after)
            fits = _needs_room(step)
            edge = Edge(numbers[layout], numbers[after], step, fits, isinstance(step, Permute))
            edges.append(edge)
        if len(numbers) > MOST_LAYOUTS or moves.cut_short:
            raise NotInColumns
    return _sorted(difference.target, numbers, _leading(edges, numbers.get(difference.target, -1)))


def _leading(edges: Sequence[Edge], target: int) -> list[Edge]:
    """The edges from which the target can be reached."""
    reaching = {target}
    while True:
        found = {edge.source for edge in edges if edge.target in reaching} - reaching
        if not found:
            return [edge for edge in edges if edge.target in reaching]
        reaching |= found


def _sorted(target: Layout, numbers: Mapping[Layout, int], edges: list[Edge]) -> Graph:
    kept = [number for number, edge in enumerate(edges) if edge.target]
    kept.sort(key=lambda number: edges[number].target)
    ends = [edges[number].target for number in kept]
    unique, starts = np.unique(np.array(ends, dtype=np.int64), return_index=True)
    leaving: list[list[tuple[int, int]]] = [[] for _ in numbers]
    for place, number in enumerate(kept):
        leaving[edges[number].source].append((number, place))
    return Graph(
        layouts=tuple(numbers),
        target=numbers.get(target, -1),
        edges=tuple(edges[number] for number in kept),
        ends=unique,
        starts=starts,
        counts=np.diff([*starts.tolist(), len(kept)]),
        sources=np.array([edges[number].source for number in kept], dtype=np.int64),
        leaving=tuple(tuple(place for _, place in sorted(own)) for own in leaving),
    )


def first_found(graph: Graph, first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """The path that ``choice.reshard`` finds where several cost the same: its algorithm, step for step.

    ``first`` and ``second`` are the two parts of each edge's cost.
    """
    order = count()
    heap = [((0, 0), next(order), 0)]
    least = {0: (0, 0)}
    arrivals: dict[int, int] = {}
    done: set[int] = set()
    while heap:
        cost, _, here = heappop(heap)
        if here == graph.target:
            break
        if here in done:
            continue
        done.add(here)
        for number in graph.leaving[here]:
            after = graph.edges[number].target
            grown = (cost[0] + first[number], cost[1] + second[number])
            if first[number] < NEVER and (after not in least or grown < least[after]):
                least[after] = grown
                arrivals[after] = number
                heappush(heap, (grown, next(order), after))
    path: list[int] = []
    here = graph.target
    while here:
        path.append(arrivals[here])
        here = graph.edges[path[-1]].source
    return tuple(path)


def _needs_room(step: Step) -> str:
    match step:
        case Slice() | ReduceScatter():
            return step.dim
        case AllToAll():
            return step.target
        case _:
            return ""
