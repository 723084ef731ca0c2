"""States of the choice: which copies exist, what they cost, and which states are worth keeping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import invert, itemgetter
from sys import maxsize
from typing import Generic, TypeVar

import attrs

# Compared in this order: unasked weight gathers, picoseconds, departures from the plan, steps.
Cost = tuple[int, int, int, int]
ZERO: Cost = (0, 0, 0, 0)
UNBOUNDED: Cost = (maxsize, 0, 0, 0)

# For each live value the set of layouts in which it exists, a bit for each (``copies``).
State = tuple[int, ...]
Decision = TypeVar("Decision")
Ranked = TypeVar("Ranked")

# Comparing all pairs of states pays off only while they are few.
DOMINANCE_LIMIT = 64


def add(left: Cost, right: Cost) -> Cost:
    """The sum of two costs."""
    return (left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3])


def scale(cost: Cost, times: int) -> Cost:
    """The cost of doing something several times."""
    return (cost[0] * times, cost[1] * times, cost[2] * times, cost[3] * times)


def covers(larger: State, smaller: State) -> bool:
    """Whether a state has every copy that another has."""
    return not any(map(int.__and__, smaller, map(invert, larger)))


def undominated(ranked: Sequence[Ranked], states: Sequence[State]) -> list[Ranked]:
    """Without those of which one that comes earlier has every copy.

    ``states``: the copies that each has, in the order of ``ranked``.
    """
    # As one number each, with room for the copies of every value, for many pairs are compared.
    room = max(map(int.bit_length, chain.from_iterable(states)), default=0)
    kept: list[Ranked] = []
    larger: list[int] = []
    for one, state in zip(ranked, states, strict=True):
        every = 0
        for copies in state:
            every = every << room | copies
        for known in larger:
            if known | every == known:
                break
        else:
            kept.append(one)
            larger.append(every)
    return kept


def picker(slots: Sequence[int]) -> Callable[[Sequence[int]], State]:
    """A function that picks the values in these slots."""
    if len(slots) == 1:
        (slot,) = slots
        return lambda values: (values[slot],)
    return itemgetter(*slots) if slots else lambda _: ()


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
    ``ahead`` tells the picoseconds that the statements to come take at the very least; it is asked only
    where states are dropped.
    """

    def __init__(
        self, first: State, width: int, bound: Cost | None, ahead: Callable[[], int]
    ) -> None:
        self.nodes: list[Node[Decision]] = [Node(ZERO, first)]
        self._next: dict[State, Node[Decision]] = {}
        self._width = width
        self._bound = bound
        self._ahead = ahead
        self._dropped: Cost | None = None

    @property
    def affordable(self) -> Cost:
        """What a state offered now may cost at the very most."""
        if self._bound is None:
            return UNBOUNDED
        return add(self._bound, (0, -self._ahead(), 0, 0))

    def offer(self, parent: Node[Decision], cost: Cost, state: State, decision: Decision) -> None:
        """A state reached from ``parent`` that is affordable; of equal ones the cheapest is kept.

        Of ties the first is.
        """
        known = self._next.get(state)
        if known is None or cost < known.cost:
            self._next[state] = Node(cost, state, parent, decision)

    def advance(self) -> None:
        """Go on to the states that were offered, dropping what cannot win or does not fit."""
        ranked = sorted(self._next.values(), key=lambda node: node.cost)
        if len(ranked) <= DOMINANCE_LIMIT:
            ranked = undominated(ranked, [node.state for node in ranked])
        if len(ranked) > self._width:
            lost = add(ranked[self._width].cost, (0, self._ahead(), 0, 0))
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
