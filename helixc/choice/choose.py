"""The choice: dynamic programming over the operators, in program order.

State = for every live value the layouts in which copies of it exist.  An operator's ways (``ways.py``) each
need operand layouts; what does not exist is made from the nearest copy by the cheapest path, and every
layout on that path exists from then on, so a second reader is served for free or from nearer by.  Cost =
unasked weight gathers, then time, then departures from the plan, then steps.

A narrow run gives an upper bound; if it had to drop states, a wide run follows that drops what
cannot beat the bound.  A wide run that overflows is reported with the gap it leaves.  A repeat is solved
once for each candidate layout of its carried values, entry = exit, and then counts as one operator.

Fit comes before time: where the best program does not fit into memory, the best of those whose blocks
all find room beside the weights is taken, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.choice.planning import Planning
from helixc.choice.problem import Assignment, Problem
from helixc.choice.reshard import ReshardPath
from helixc.choice.solution import Read, Solution, Step, captured, last_uses
from helixc.choice.states import ZERO, Cost, Frontier, Node, add, scale
from helixc.choice.ways import Way
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op, Repeat, Statement

NARROW = 20
WIDE = 2000


@attrs.frozen(kw_only=True)
class Limits:
    """What a search may do.

    ``width``: most states followed at once.  ``room``: bytes that no single block may exceed.
    ``banned``: for an operator's result the assignments that it may not take.
    """

    width: int = WIDE
    room: int | None = None
    banned: Mapping[str, Sequence[Assignment]] = attrs.Factory(dict[str, Sequence[Assignment]])


def choose(program: Logical, planning: Planning) -> Solution:
    """The cheapest program that respects the plan, preferring one that fits into memory."""
    problem = Problem(program, planning)
    best = Chooser(problem, Limits()).solve()
    if best is None:
        raise ValueError("no legal way was found for this program")
    room = program.cluster.gpu.memory_bytes - problem.weight_bytes()
    if room <= 0 or _largest(best, problem) <= room:
        return best
    return Chooser(problem, Limits(room=room)).solve() or best


def _largest(solution: Solution, problem: Problem) -> int:
    """Bytes of the largest block that a solution makes on one GPU."""
    blocks = [0]
    for step in solution.all_steps():
        if isinstance(step.statement, Op) and step.way is not None:
            blocks.append(problem.block_bytes(step.statement.result, step.way.result))
        blocks += [problem.block_bytes(r.value, r.target) for r in (*step.reads, *step.after)]
    return max(blocks)


class Chooser:
    """Solves a problem within limits; remembers what repeats cost."""

    def __init__(self, problem: Problem, limits: Limits) -> None:
        self.problem = problem
        self.limits = limits
        self._loops: dict[tuple[int, tuple[Layout, ...]], Solution | None] = {}

    def solve(self) -> Solution | None:
        """The cheapest solution, or None where the limits leave none."""
        program, layouts = self.problem.program, self.problem.planning.layouts
        targets = tuple((o.value, layouts[o.value]) for o in program.outputs)
        return self._solve_body(program.body, {}, targets)

    def loop(self, repeat: Repeat, boundary: tuple[Layout, ...]) -> Solution | None:
        """The body of a repeat with its carried values in these layouts at entry and exit."""
        key = (repeat.scope, boundary)
        if key not in self._loops:
            start = {c.entry: b for c, b in zip(repeat.carried, boundary, strict=True)}
            start |= {v: self.problem.planning.layouts[v] for v in captured(repeat)}
            ends = tuple((c.yields, b) for c, b in zip(repeat.carried, boundary, strict=True))
            self._loops[key] = self._solve_body(repeat.body, start, ends)
        return self._loops[key]

    def _solve_body(
        self,
        body: Sequence[Statement],
        start: Mapping[str, Layout],
        targets: tuple[tuple[str, Layout], ...],
    ) -> Solution | None:
        narrow = _Run(self, body, start, targets, NARROW, None).result()
        if narrow is None or not narrow.gap or self.limits.width <= NARROW:
            return narrow
        wide = _Run(self, body, start, targets, self.limits.width, narrow.cost).result()
        return wide or narrow


# What reading the operands costs, which copies exist then, and what was read.
_Done = tuple[Cost, dict[str, tuple[Layout, ...]], tuple[Read, ...]]


class _Run:
    """One pass of the dynamic program over one body, at one width."""

    def __init__(
        self,
        chooser: Chooser,
        body: Sequence[Statement],
        start: Mapping[str, Layout],
        targets: tuple[tuple[str, Layout], ...],
        width: int,
        bound: Cost | None,
    ) -> None:
        self.chooser = chooser
        self.problem = chooser.problem
        self.layouts = chooser.problem.planning.layouts
        self.body = body
        self.targets = targets
        self.last = last_uses(body, targets)
        copies = {value: (layout,) for value, layout in start.items()}
        existing = {value: frozenset(layouts) for value, layouts in copies.items()}
        first: Node[Step] = Node(ZERO, copies, existing)
        self.frontier = Frontier(first, width, bound)

    def result(self) -> Solution | None:
        """The best solution, or None where no way is legal."""
        for position, statement in enumerate(self.body):
            for node in self.frontier.nodes:
                if isinstance(statement, Op):
                    self._operator(node, statement, position)
                else:
                    self._repeat(node, statement, position)
            self.frontier.advance()
        for node in self.frontier.nodes:
            self._finish(node)
        self.frontier.advance()
        best = self.frontier.best()
        if best is None:
            return None
        return Solution(best.history(), best.cost, self.frontier.gap(best.cost))

    def _operator(self, node: Node[Step], op: Op, position: int) -> None:
        existing = tuple(node.copies[o] if isinstance(o, str) else (WHOLE,) for o in op.operands)
        banned = self.chooser.limits.banned.get(op.result, ())
        for way in self.problem.ways(op, existing, banned):
            wanted = [
                (operand, need)
                for operand, need in zip(op.operands, way.operands, strict=False)
                if isinstance(operand, str)
            ]
            done = self._read(node, wanted)
            if done is not None and self._fits(op.result, way.result):
                self._take(node, op, way, done, position)

    def _take(self, node: Node[Step], op: Op, way: Way, done: _Done, position: int) -> None:
        """Go one way; a value that the plan holds exactly is brought there at once."""
        cost, copies, reads = done
        operator = self.problem.operators[op.result]
        departs = int(_departs(way.result, operator.planned))
        cost = add(cost, (0, operator.picoseconds(way), departs, 0))
        made, after = way.result, ()
        if op.result in self.problem.exact and made != operator.planned:
            path = self.problem.path(op.result, made, operator.planned)
            if path is None:
                return
            cost = add(cost, _cost(path))
            after = (Read(op.result, made, operator.planned),)
            made = operator.planned
        copies[op.result] = (made,)
        self._keep(node, cost, copies, Step(op, way, reads, after), position)

    def _repeat(self, node: Node[Step], repeat: Repeat, position: int) -> None:
        for boundary in self.problem.boundaries(repeat):
            inner = self.chooser.loop(repeat, boundary)
            if inner is None:
                continue
            wanted = [(c.init, b) for c, b in zip(repeat.carried, boundary, strict=True)]
            wanted += [(value, self.layouts[value]) for value in captured(repeat)]
            done = self._read(node, wanted)
            if done is None:
                continue
            cost, copies, reads = done
            cost = add(cost, scale(inner.cost, repeat.trips))
            for carried, layout in zip(repeat.carried, boundary, strict=True):
                copies[carried.result] = (layout,)
            step = Step(repeat, None, reads, (), inner, boundary)
            self._keep(node, cost, copies, step, position)

    def _finish(self, node: Node[Step]) -> None:
        done = self._read(node, self.targets)
        if done is not None:
            cost, copies, reads = done
            self.frontier.offer(node, cost, copies, Step(None, None, reads))

    def _read(self, node: Node[Step], wanted: Sequence[tuple[str, Layout]]) -> _Done | None:
        """Make every wanted layout exist; each from the nearest copy."""
        cost = node.cost
        copies = dict(node.copies)
        reads: list[Read] = []
        for value, target in wanted:
            best: tuple[Cost, Layout, ReshardPath] | None = None
            for source in copies[value]:
                path = self.problem.path(value, source, target)
                if path is None or not all(self._fits(value, leg.layout) for leg in path.legs):
                    continue
                if best is None or _cost(path) < best[0]:
                    best = (_cost(path), source, path)
            if best is None:
                return None
            cost = add(cost, best[0])
            reads.append(Read(value, best[1], target))
            if best[2].legs:
                on_the_way = (leg.layout for leg in best[2].legs)
                copies[value] = tuple(dict.fromkeys((*copies[value], *on_the_way)))
        return cost, copies, tuple(reads)

    def _fits(self, value: str, layout: Layout) -> bool:
        room = self.chooser.limits.room
        return room is None or self.problem.block_bytes(value, layout) <= room

    def _keep(
        self,
        node: Node[Step],
        cost: Cost,
        copies: dict[str, tuple[Layout, ...]],
        step: Step,
        position: int,
    ) -> None:
        live = {v: c for v, c in copies.items() if self.last.get(v, -1) > position}
        self.frontier.offer(node, cost, live, step)


def _cost(path: ReshardPath) -> Cost:
    return (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps)


def _departs(layout: Layout, planned: Layout) -> bool:
    """Whether an atom was put on a dimension on which the plan does not have it."""
    return any(atom not in planned.atoms_of(dim) for dim, atoms in layout.split for atom in atoms)
