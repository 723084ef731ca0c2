"""What was passed over: the best complete program in which one operator takes another way.

Not a local guess: the whole program is chosen again with the operator's way, and every better one listed
before it, ruled out.  So an announced price is the price of a program that can be had.
"""

from __future__ import annotations

from functools import cached_property

import attrs

from helixc.choice.choose import NARROW, Chooser, Limits
from helixc.choice.planning import Planning
from helixc.choice.problem import Assignment, Problem
from helixc.choice.solution import Read, Solution
from helixc.choice.ways import Way
from helixc.ir.factors import counted_dims
from helixc.ir.logical import Logical, Op

# Alternatives listed for one operator.
LISTED = 3


@attrs.frozen(kw_only=True)
class OtherWay:
    """A complete program in which the operator goes another way: its whole traffic and time.

    ``assignment``: the way.  ``gathers``: weights that it gathers although no line asks for it, which the choice avoids first.
    """

    how: str
    assignment: Assignment
    gathers: int
    bytes_per_gpu: int
    picoseconds: int


class OtherWays:
    """The other ways of a program's operators; what they have in common is worked out once."""

    def __init__(self, program: Logical, planning: Planning) -> None:
        self._program, self._planning = program, planning

    @cached_property
    def _problem(self) -> Problem:
        return Problem(self._program, self._planning)

    @cached_property
    def _chosen(self) -> Solution | None:
        """What is chosen where nothing is ruled out."""
        return Chooser(self._problem, Limits(width=NARROW)).solve()

    def of(self, reader: str) -> tuple[OtherWay, ...]:
        """The cheapest complete programs in which ``reader`` is computed in another way, cheapest first."""
        problem, solution = self._problem, self._chosen
        banned: list[Assignment] = []
        found: list[OtherWay] = []
        while solution is not None and (way := _way_of(solution, reader)) is not None:
            if banned:
                found.append(_other_way(way, self._program.makers[reader], solution, problem))
            if len(found) == LISTED:
                break
            banned.append(way.assignment)
            limits = Limits(width=NARROW, banned={reader: tuple(banned)})
            solution = Chooser(problem, limits).solve()
        return tuple(found)


def _other_way(way: Way, op: Op, solution: Solution, problem: Problem) -> OtherWay:
    return OtherWay(
        how=describe(way.assignment, op),
        assignment=way.assignment,
        gathers=solution.cost[0],
        bytes_per_gpu=received_bytes(solution, problem),
        picoseconds=solution.cost[1],
    )


def received_bytes(solution: Solution, problem: Problem) -> int:
    """Bytes that one GPU receives in the whole of a solution."""
    total = 0
    for step in solution.steps:
        total += sum(_read_bytes(read, problem) for read in (*step.reads, *step.after))
        if step.inner is not None:
            total += step.trips * received_bytes(step.inner, problem)
    return total


def _read_bytes(read: Read, problem: Problem) -> int:
    path = problem.path(read.value, read.source, read.target)
    return 0 if path is None else path.cost.bytes


def _way_of(solution: Solution, reader: str) -> Way | None:
    for step in solution.all_steps():
        if isinstance(step.statement, Op) and step.statement.result == reader:
            return step.way
    return None


def describe(assignment: Assignment, op: Op) -> str:
    """A way in words: which mesh axis splits which dimension, and what is repeated."""
    parts = [_part(atom, where, op) for atom, where in assignment]
    return f"{op.kind}: " + ("; ".join(parts) if parts else "every GPU does all of it")


def _part(atom: str, where: str, op: Op) -> str:
    if where == "partial all":
        return f"{atom} stays a partial sum, the other operands seeded"
    if where.startswith("partial "):
        operand = op.operands[int(where.split()[1])]
        return f"`{operand}` stays partial over {atom}"
    contracted = {*op.over, *counted_dims(op)} - {*op.type.dims}
    return f"{atom} splits {where}" + (" (partial result)" if where in contracted else "")
