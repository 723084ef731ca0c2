"""What another storage of a weight would save: the exchanges of every step that a line of the plan ends.

A hint is tried before it is given: its line is added to the plan, the program is chosen again, and only
if the weight then stays where it is, and nothing else gets dearer, is there something to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.analysis.collectives import kind_of, move_bytes
from helixc.analysis.numbers_text import byte_text, count_text
from helixc.analysis.value_lines import line_text, lines_for, path_of
from helixc.choice.choose import choose
from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.problem import Problem
from helixc.choice.solution import Solution
from helixc.diagnostics import Findings
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical
from helixc.ir.mesh import Mesh
from helixc.ir.plan import Block, Line, Replicate, Shard
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement, walk

# Weights for which a line is tried, dearest first.
MOST_WEIGHTS = 8

_DONE_TO = {"all_to_all": "exchanged", "permute": "moved", "all_gather": "gathered"}


@attrs.frozen(kw_only=True)
class Hint:
    """A line that ends the moves of a weight.

    ``weight`` is its path, which may reach the weights of several calls.  Bytes are received per GPU in
    all, in ``times`` runs of the move; ``more_memory`` is what a GPU keeps on top.  ``line`` stands at the end of the plan.
    """

    weight: str
    kind: str
    bytes_per_gpu: int
    times: int
    stored_as: str
    line: str
    more_memory: int

    @property
    def text(self) -> str:
        """The hint as a sentence."""
        each = f" in {count_text(self.times)} runs" if self.times > 1 else ""
        done = _DONE_TO.get(self.kind, "moved")
        cost = f", {byte_text(self.more_memory)} more memory" if self.more_memory else ""
        return (
            f"weight `{self.weight}` is {done} in every step ({byte_text(self.bytes_per_gpu)} per "
            f"GPU{each}): 0 bytes if stored {self.stored_as}{cost}; at the end of the plan: "
            f"`{self.line}`"
        )


@attrs.frozen(kw_only=True)
class _Moved:
    """A weight that moves: where to, how, and what that costs."""

    value: str
    target: Layout
    kind: str
    bytes: int
    times: int


def find_hints(chosen_from: Logical, program: Spmd) -> tuple[Hint, ...]:
    """The hints for a program that was partitioned from ``chosen_from``, dearest weight first."""
    moved = sorted(_moved_weights(program), key=lambda m: -m.bytes * m.times)[:MOST_WEIGHTS]
    if not moved:
        return ()
    before = _Chosen.of(chosen_from)
    found: dict[str, Hint] = {}
    for weight in moved:
        hint = _hint(weight, chosen_from, before, program.mesh)
        if hint is not None:
            found[hint.line] = _together(found.get(hint.line), hint)
    return tuple(found.values())


def _together(known: Hint | None, hint: Hint) -> Hint:
    """One line may speak of the weights of several calls."""
    if known is None:
        return hint
    return attrs.evolve(
        known,
        bytes_per_gpu=known.bytes_per_gpu + hint.bytes_per_gpu,
        times=known.times + hint.times,
    )


def _moved_weights(program: Spmd) -> Iterator[_Moved]:
    """The weights that are read in one layout, at the end of moves that cost bytes."""
    moves = {s.result: s for s in walk(program.body) if isinstance(s, Move)}
    read: dict[str, set[Layout]] = {}
    for statement in walk(program.body):
        for operand in statement.op.reads if isinstance(statement, Compute) else ():
            read.setdefault(_root(operand, moves), set()).add(program.layouts[operand])
    paid: dict[str, Move] = {}
    spent: dict[str, int] = {}
    runs = _runs(program.body, slice_count(program))
    for move in moves.values():
        value = _root(move.result, moves)
        if value in program.stored and kind_of(move.step):
            paid.setdefault(value, move)
            spent[value] = spent.get(value, 0) + move_bytes(move, program)
    for value, move in paid.items():
        if len(read[value]) == 1:
            yield _Moved(
                value=value,
                target=next(iter(read[value])),
                kind=kind_of(move.step),
                bytes=spent[value],
                times=runs[move.result],
            )


def _root(value: str, moves: Mapping[str, Move]) -> str:
    """The value that a copy was made from."""
    while value in moves:
        value = moves[value].source
    return value


def _runs(body: Sequence[SpmdStatement], times: int) -> dict[str, int]:
    """How often each move runs."""
    found: dict[str, int] = {}
    for statement in body:
        if isinstance(statement, Loop):
            found.update(_runs(statement.body, times * statement.trips))
        elif isinstance(statement, Move):
            found[statement.result] = times
    return found


@attrs.frozen
class _Chosen:
    """A program with its plan followed: the planning, and the choice."""

    problem: Problem
    planning: Planning
    solution: Solution

    @staticmethod
    def of(program: Logical) -> _Chosen | None:
        """The choice, or None where the plan cannot be followed."""
        findings = Findings()
        planning = plan_layouts(program, findings)
        if findings.errors:
            return None
        problem = Problem(program, planning)
        solution = choose(problem)
        return None if solution is None else _Chosen(problem, planning, solution)


def _hint(moved: _Moved, program: Logical, before: _Chosen | None, mesh: Mesh) -> Hint | None:
    """The line for one weight, if there is one and it does what it should."""
    op = program.makers[moved.value]
    if before is None or before.planning.weights[moved.value].atoms:
        return None  # where it is kept in slices, that is what the plan says
    planned = before.planning.layouts[moved.value]
    lines = lines_for(planned, moved.target, op, program, mesh)
    if not lines:
        return None
    path, places = path_of(op, program)
    block = Block(places, lines, parent=0, path=path)
    plan = attrs.evolve(program.plan, blocks=(*program.plan.blocks, block))
    after = _Chosen.of(attrs.evolve(program, plan=plan))
    if after is None or not _saves(moved, before, after):
        return None
    return Hint(
        weight=path,
        kind=moved.kind,
        bytes_per_gpu=moved.bytes * moved.times,
        times=moved.times,
        stored_as=_stored_as(lines),
        line=f"in {path} {{ {'; '.join(map(line_text, lines))} }}",
        more_memory=max(0, after.problem.kept_bytes() - before.problem.kept_bytes()),
    )


def _saves(moved: _Moved, before: _Chosen, after: _Chosen) -> bool:
    """Whether the weight now lies where it is read, and the whole got cheaper by it."""
    if after.planning.layouts[moved.value] != moved.target:
        return False
    stays = all(
        (path := after.problem.path(read.value, read.source, read.target)) is not None
        and path.cost.bytes == 0
        for step in after.solution.all_steps()
        for read in step.reads
        if read.value == moved.value
    )
    return stays and after.solution.cost[:2] < before.solution.cost[:2]


def _stored_as(lines: Sequence[Line]) -> str:
    """``as head over n, m``."""
    splits = [
        f"{line.dims[0].name} over {', '.join(line.axes)}"
        for line in lines
        if isinstance(line, Shard)
    ]
    return (
        f"as {' and '.join(splits)}"
        if splits
        else "whole along "
        + " and ".join(line.dims[0].name for line in lines if isinstance(line, Replicate))
    )
