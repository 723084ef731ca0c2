"""What was passed over: the best complete program in which one operator takes another way.

Not a local guess: the whole program is chosen again with the operator's way, and every better one listed
before it, ruled out.  So an announced price is the price of a program that can be had.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.choice.choose import NARROW, Chooser, Read, Solution, Step
from helixc.choice.planning import Planning
from helixc.choice.ways import Way
from helixc.ir.logical import Logical, Op

# Alternatives listed for one operator.
LISTED = 3


@attrs.frozen
class OtherWay:
    """A complete program in which the operator goes another way: its whole traffic and time."""

    how: str
    bytes_per_gpu: int
    picoseconds: int


def other_ways(program: Logical, planning: Planning, reader: str) -> tuple[OtherWay, ...]:
    """The cheapest complete programs in which ``reader`` is computed in another way, cheapest first."""
    first = Chooser(program, planning, width=NARROW).solve()
    chosen = _way_of(first.steps, reader)
    banned: list[tuple[tuple[str, str], ...]] = []
    found: list[OtherWay] = []
    while chosen is not None and len(found) < LISTED:
        banned.append(chosen.assignment)
        ruled_out = {reader: tuple(banned)}
        chooser = Chooser(program, planning, width=NARROW, banned=ruled_out)
        solution = chooser.attempt()
        chosen = _way_of(solution.steps, reader) if solution is not None else None
        if solution is not None and chosen is not None:
            how = describe(chosen, program.makers[reader])
            found.append(OtherWay(how, received_bytes(solution, chooser), solution.cost[1]))
    return tuple(found)


def received_bytes(solution: Solution, chooser: Chooser) -> int:
    """Bytes that one GPU receives in the whole of a solution."""
    total = 0
    for step in solution.steps:
        total += sum(_read_bytes(read, chooser) for read in (*step.reads, *step.after))
        if step.inner is not None and step.trips:
            total += step.trips * received_bytes(step.inner, chooser)
    return total


def _read_bytes(read: Read, chooser: Chooser) -> int:
    path = chooser.path(read.value, read.source, read.target)
    return 0 if path is None else path.cost.bytes


def _way_of(steps: Sequence[Step], reader: str) -> Way | None:
    for step in steps:
        if isinstance(step.statement, Op) and step.statement.result == reader:
            return step.way
        if step.inner is not None:
            found = _way_of(step.inner.steps, reader)
            if found is not None:
                return found
    return None


def describe(way: Way, op: Op) -> str:
    """A way in words: which mesh axis splits which dimension, and what is repeated."""
    parts = [
        f"{atom} stays partial through operand {where.split()[1]}"
        if where.startswith("partial ")
        else f"{atom} splits {where}" + (" (partial sum)" if where in op.over else "")
        for atom, where in way.assignment
    ]
    return f"{op.kind}: " + ("; ".join(parts) if parts else "every GPU does all of it")
