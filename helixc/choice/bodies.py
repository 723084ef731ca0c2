"""A body of statements as it is decided: in which order, and what is still to come at each place.

Statements are decided as late as possible.  Fewer values are alive at a time then, so fewer states are
told apart: of Q, K and V the ways of V multiply with nothing before the scores are decided.  Readers of
one value keep their order, for who comes first pays for a copy that the others find; so no solution costs
more or less in another order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from helixc.choice.solution import reads_of, results_of
from helixc.ir.logical import Statement

# The name under which a state has all numbers: they are whole, and no value is called so.
NUMBERS = ""


@attrs.frozen(eq=False)
class Body:
    """Statements in the order in which they are decided.

    ``places``: where each stands as written.  ``last``: for each value the position of the statement that
    is the last to read it; what is read at the end counts as read behind all statements.
    """

    statements: tuple[Statement, ...]
    places: tuple[int, ...]
    last: dict[str, int]

    @staticmethod
    def of(written: Sequence[Statement], ends: Collection[str]) -> Body:
        """The body for statements as written; ``ends`` are read at its end."""
        places = decision_order(written)
        statements = tuple(written[place] for place in places)
        last: dict[str, int] = {}
        for position, statement in enumerate(statements):
            last.update(dict.fromkeys(reads_of(statement), position))
        last.update(dict.fromkeys(ends, len(statements)))
        return Body(statements, places, last)


def decision_order(written: Sequence[Statement]) -> tuple[int, ...]:
    """The positions of statements in the order in which they are decided."""
    needs = _needs(written)
    order: dict[int, None] = {}
    waiting = list(range(len(written)))
    while waiting:
        # What takes the longest chain of statements comes first, so that all else can wait longer.
        place = waiting[-1]
        ahead = [needed for needed in needs[place] if needed not in order]
        waiting += ahead
        if not ahead:
            order[waiting.pop()] = None
    return tuple(order)


def _needs(written: Sequence[Statement]) -> list[list[int]]:
    """For each statement those decided before it: makers and earlier readers of what it reads.

    The last is the one that itself has the longest chain of statements before it.
    """
    maker: dict[str, int] = {}
    reader: dict[str, int] = {}
    needs: list[list[int]] = []
    depth: list[int] = []
    for place, statement in enumerate(written):
        reads = reads_of(statement)
        found = {known[value] for known in (maker, reader) for value in reads if value in known}
        needs.append(sorted(found, key=lambda place: (depth[place], place)))
        depth.append(1 + max((depth[place] for place in found), default=0))
        reader.update(dict.fromkeys(reads, place))
        maker.update(dict.fromkeys(results_of(statement), place))
    return needs
