"""What was decided: for every statement its way and the reshards before and behind it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.choice.states import Cost
from helixc.choice.ways import Way
from helixc.ir.layout import Layout
from helixc.ir.logical import Op, Repeat, Statement


@attrs.frozen
class Read:
    """A value read in ``target``, made from the copy in ``source``."""

    value: str
    source: Layout
    target: Layout


@attrs.frozen
class Step:
    """What was decided for one statement.

    ``reads`` come before it (for a repeat: carried values entering, captured values), ``after`` behind it
    (a named value held exactly, a result).  ``inner`` is the solution of a repeat's body,
    ``doubt`` how much less time all turns of some body might take (picoseconds).
    """

    statement: Statement | None
    way: Way | None
    reads: tuple[Read, ...]
    after: tuple[Read, ...] = ()
    inner: Solution | None = None
    boundary: tuple[Layout, ...] = ()
    doubt: int = 0

    @property
    def trips(self) -> int:
        """How often ``inner`` runs."""
        return self.statement.trips if isinstance(self.statement, Repeat) else 0


@attrs.frozen
class Solution:
    """Decisions in program order, their cost, and how far from the best they may be (picoseconds).

    The gap includes those of the bodies of repeats, all turns.
    """

    steps: tuple[Step, ...]
    cost: Cost
    gap: int = 0

    def all_steps(self) -> Iterator[Step]:
        """Every step, those of repeats included."""
        for step in self.steps:
            yield step
            if step.inner is not None:
                yield from step.inner.all_steps()


def captured(repeat: Repeat) -> tuple[str, ...]:
    """Values that the body of a repeat reads from outside, in order of use."""
    inside = {c.entry for c in repeat.carried}
    found: dict[str, None] = {}
    for statement in repeat.body:
        found.update(dict.fromkeys(v for v in reads_of(statement) if v not in inside))
        inside.update(results_of(statement))
    found.update(dict.fromkeys(c.yields for c in repeat.carried if c.yields not in inside))
    return tuple(found)


def reads_of(statement: Statement) -> tuple[str, ...]:
    """The values that a statement reads from around it."""
    if isinstance(statement, Op):
        return statement.reads
    return (*(c.init for c in statement.carried), *captured(statement))


def results_of(statement: Statement) -> tuple[str, ...]:
    """The values that a statement leaves behind."""
    if isinstance(statement, Op):
        return (statement.result,)
    return tuple(c.result for c in statement.carried)
