"""States of the choice: which copies exist, what they cost, and which states are worth keeping.

The set of layouts in which a value exists is a small number, and a state is a tuple of such numbers, one
for each live value: states are compared by the million.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import attrs

from helixc.ir.layout import Layout

# Compared in this order: unasked weight gathers, picoseconds, departures from the plan, steps.
Cost = tuple[int, int, int, int]
ZERO: Cost = (0, 0, 0, 0)

# For each live value the number of the set of layouts in which it exists.
State = tuple[int, ...]
Decision = TypeVar("Decision")

# Comparing all pairs of states pays off only while they are few.
DOMINANCE_LIMIT = 64


def add(left: Cost, right: Cost) -> Cost:
    """The sum of two costs."""
    return (left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3])


def scale(cost: Cost, times: int) -> Cost:
    """The cost of doing something several times."""
    return (cost[0] * times, cost[1] * times, cost[2] * times, cost[3] * times)


class CopySets:
    """Numbers sets of layouts in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[Layout], int] = {}
        self._layouts: list[tuple[Layout, ...]] = []
        self._contained: dict[tuple[int, int], bool] = {}

    def number(self, layouts: Iterable[Layout]) -> int:
        """The number of a set."""
        ordered = tuple(dict.fromkeys(layouts))
        key = frozenset(ordered)
        if key not in self._numbers:
            self._numbers[key] = len(self._layouts)
            self._layouts.append(ordered)
        return self._numbers[key]

    def layouts(self, number: int) -> tuple[Layout, ...]:
        """The layouts of a set, in the order in which they were first met."""
        return self._layouts[number]

    def contains(self, larger: int, smaller: int) -> bool:
        """Whether one set holds all of another."""
        if larger == smaller:
            return True
        key = (larger, smaller)
        if key not in self._contained:
            found = set(self._layouts[smaller]) <= set(self._layouts[larger])
            self._contained[key] = found
        return self._contained[key]

    def covers(self, larger: State, smaller: State) -> bool:
        """Whether a state has every copy that another has."""
        pairs = zip(larger, smaller, strict=True)
        return all(more == less or self.contains(more, less) for more, less in pairs)


@attrs.define(eq=False)
class Node(Generic[Decision]):
    """A state, the cheapest way to it, and the decision that led here."""

    cost: Cost
    state: State
    parent: Node[Decision] | None = None
    decision: Decision | None = None

    def history(self) -> tuple[Decision, ...]:
        """The decisions from the start to here."""
        found: list[Decision] = []
        node: Node[Decision] | None = self
        while node is not None:
            if node.decision is not None:
                found.append(node.decision)
            node = node.parent
        return tuple(reversed(found))


class Frontier(Generic[Decision]):
    """The states after one statement, at most ``width`` of them.

    ``bound`` is the cost of a solution that is known: a state that cannot beat it is dropped.
    ``remaining`` are picoseconds that the statements to come take at the very least.
    """

    def __init__(
        self, first: State, sets: CopySets, width: int, bound: Cost | None, remaining: int
    ) -> None:
        self.nodes: list[Node[Decision]] = [Node(ZERO, first)]
        self._sets = sets
        self._next: dict[State, Node[Decision]] = {}
        self._width = width
        self._bound = bound
        self._remaining = remaining
        self._dropped: Cost | None = None

    def spend(self, picoseconds: int) -> None:
        """A statement begins: its least time no longer lies ahead of the states offered."""
        self._remaining -= picoseconds

    def offer(self, parent: Node[Decision], cost: Cost, state: State, decision: Decision) -> None:
        """A state reached from ``parent``; the cheapest of equal states is kept, the first of ties."""
        known = self._next.get(state)
        if known is not None and known.cost <= cost:
            return
        if self._bound is None or self._at_least(cost) <= self._bound:
            self._next[state] = Node(cost, state, parent, decision)

    def _at_least(self, cost: Cost) -> Cost:
        """What a solution through a state of this cost costs at the very least."""
        return (cost[0], cost[1] + self._remaining, cost[2], cost[3])

    def advance(self) -> None:
        """Go on to the states that were offered, dropping what cannot win or does not fit."""
        ranked = sorted(self._next.values(), key=lambda node: node.cost)
        if len(ranked) <= DOMINANCE_LIMIT:
            ranked = self._undominated(ranked)
        if len(ranked) > self._width:
            lost = self._at_least(ranked[self._width].cost)
            self._dropped = lost if self._dropped is None else min(self._dropped, lost)
            ranked = ranked[: self._width]
        self.nodes = ranked
        self._next = {}

    def best(self) -> Node[Decision] | None:
        """The cheapest state."""
        return min(self.nodes, key=lambda node: node.cost) if self.nodes else None

    def gap(self, cost: Cost) -> int:
        """Picoseconds by which a dropped state might still have been cheaper; 0 if proven best."""
        if self._dropped is None or self._dropped >= cost:
            return 0
        return max(1, cost[1] - self._dropped[1])

    def _undominated(self, ranked: list[Node[Decision]]) -> list[Node[Decision]]:
        """Without the states whose copies all exist in a state that costs no more."""
        kept: list[Node[Decision]] = []
        for node in ranked:
            if not any(self._sets.covers(other.state, node.state) for other in kept):
                kept.append(node)
        return kept
