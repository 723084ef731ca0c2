"""The states of the choice for a column of plans: each state with the plans that can be in it.

The same order of costs and the same treatment of equals as ``choice.states``: of equal states the cheapest
is kept, and of equally cheap ones that which was met first.  States are met in the order in which those
before them stand, by cost and then by when they were met themselves: their *rank*.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs
import numpy as np

from helixc.choice.choose import NARROW
from helixc.choice.states import State, covers
from helixc.columns.family import NEVER, Column, Family, NotInColumns
from helixc.columns.variants import Variant

Decision = TypeVar("Decision")
_LATER = np.int64(2**62)


@attrs.frozen(eq=False)
class _Offer(Generic[Decision]):
    """How a state was reached; ``number`` counts the offers of a statement."""

    parent: Node[Decision]
    spent: Variant
    number: int


@attrs.define(eq=False)
class Node(Generic[Decision]):
    """A state; by plan what it costs, the node before (by number) and the decision (by number) behind it.

    ``number``: its position among the nodes of its statement.  ``rank``: by plan, among these.
    """

    state: State
    first: Column
    second: Column
    before: Column
    decision: Column
    rank: Column
    number: int
    offers: list[_Offer[Decision]]


@attrs.frozen(eq=False)
class History(Generic[Decision]):
    """All decisions by statement, which of them each plan takes, and what they cost it."""

    decisions: tuple[tuple[Decision, ...], ...]
    taken: tuple[Column, ...]
    first: Column
    second: Column


class Frontier(Generic[Decision]):
    """The states after one statement, and the history of all statements before."""

    def __init__(self, first: State, family: Family) -> None:
        zeros = family.zeros
        self.nodes: list[Node[Decision]] = [Node(first, zeros, zeros, zeros, zeros, zeros, 0, [])]
        self._family = family
        self._next: dict[State, Node[Decision]] = {}
        self._decisions: list[Decision] = []
        self._past: list[tuple[list[Node[Decision]], list[Decision]]] = []

    def offer(
        self, parent: Node[Decision], spent: Variant, state: State, decision: Decision
    ) -> None:
        """A state reached from ``parent`` at some cost; the cheapest of equal states is kept."""
        number = len(self._decisions)
        self._decisions.append(decision)
        first = np.minimum(parent.first + spent.first, NEVER)
        second = parent.second + spent.second
        before = parent.number * self._family.ones
        reached = number * self._family.ones
        known = self._next.get(state)
        if known is None:
            zeros = self._family.zeros
            known = self._next[state] = Node(state, first, second, before, reached, zeros, 0, [])
        else:
            self._improve(known, parent, first, second, number)
        known.offers.append(_Offer(parent, spent, number))

    def _improve(
        self,
        known: Node[Decision],
        parent: Node[Decision],
        first: Column,
        second: Column,
        number: int,
    ) -> None:
        """Where the newcomer is cheaper, or as cheap and met first."""
        better = (first < known.first) | ((first == known.first) & (second < known.second))
        equal = (first == known.first) & (second == known.second)
        if len(self.nodes) > 1 and equal.any():
            ranks = np.array([node.rank for node in self.nodes])
            better |= equal & (parent.rank < ranks[known.before, np.arange(len(first))])
        known.first = np.where(better, first, known.first)
        known.second = np.where(better, second, known.second)
        known.before = np.where(better, parent.number, known.before)
        known.decision = np.where(better, number, known.decision)

    def advance(self) -> None:
        """Go on to the states that were offered, without what cannot win."""
        nodes = list(self._next.values())
        if len(nodes) > 1:
            self._rank(nodes)
            nodes = self._undominated(nodes)
        if len(nodes) > NARROW:
            raise NotInColumns
        for number, node in enumerate(nodes):
            node.number = number
            node.offers = []
        self.nodes = nodes
        self._past.append((nodes, self._decisions))
        self._next, self._decisions = {}, []

    def _rank(self, nodes: list[Node[Decision]]) -> None:
        """By cost; of equals by the rank of the parent that first led there, and the cost from there."""
        met = [_first_met(node) for node in nodes]
        keys = [np.array([one[part] for one in met]) for part in reversed(range(len(met[0])))]
        keys += [
            np.array([node.second for node in nodes]),
            np.array([node.first for node in nodes]),
        ]
        order = np.lexsort(keys, axis=0)
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(len(nodes))[:, None], axis=0)
        for node, rank in zip(nodes, ranks, strict=True):
            node.rank = rank

    def _undominated(self, nodes: list[Node[Decision]]) -> list[Node[Decision]]:
        """Without the plans for which a state with the same copies and more is ahead."""
        for one in nodes:
            for other in nodes:
                if one is not other and covers(other.state, one.state):
                    ahead = (other.rank < one.rank) & (other.first < NEVER)
                    one.first = np.where(ahead, NEVER, one.first)
        return [node for node in nodes if (node.first < NEVER).any()]

    def history(self) -> History[Decision]:
        """What every plan does, when all is done."""
        if not self.nodes:
            raise NotInColumns
        ranks = np.array([node.rank for node in self.nodes])
        here, rows = ranks.argmin(axis=0), np.arange(self._family.plans)
        first = np.array([node.first for node in self.nodes])[here, rows]
        second = np.array([node.second for node in self.nodes])[here, rows]
        taken: list[Column] = []
        for nodes, _ in reversed(self._past):
            decision = np.array([node.decision for node in nodes])[here, rows]
            here = np.array([node.before for node in nodes])[here, rows]
            taken.append(decision)
        decisions = tuple(tuple(own) for _, own in self._past)
        return History(decisions, tuple(reversed(taken)), first, second)


def _first_met(node: Node[Decision]) -> tuple[Column, Column, Column, Column]:
    """For each plan the least of: rank of the parent, what was spent from there, number of the offer."""
    least: tuple[Column, ...] | None = None
    for offer in node.offers:
        possible = (offer.parent.first < NEVER) & (offer.spent.first < NEVER)
        rank = np.where(possible, offer.parent.rank, _LATER)
        key = (rank, offer.spent.first, offer.spent.second, np.full_like(rank, offer.number))
        if least is None:
            least = key
            continue
        earlier = np.zeros(len(rank), dtype=np.bool_)
        open_ = np.ones(len(rank), dtype=np.bool_)
        for mine, theirs in zip(key, least, strict=True):
            earlier |= open_ & (mine < theirs)
            open_ &= mine == theirs
        least = tuple(np.where(earlier, m, t) for m, t in zip(key, least, strict=True))
    if least is None:
        raise NotInColumns
    return least[0], least[1], least[2], least[3]
