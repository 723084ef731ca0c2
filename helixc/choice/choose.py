"""The choice: dynamic programming over the operators, each decided as late as possible (``bodies.py``).

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
from functools import cached_property
from operator import itemgetter

import attrs

from helixc.choice.bodies import NUMBERS, Body
from helixc.choice.problem import Assignment, Problem
from helixc.choice.solution import Read, Solution, Step, results_of
from helixc.choice.states import Cost, Frontier, Node, State, add, picker, scale
from helixc.choice.transitions import Transition
from helixc.ir.layout import Layout
from helixc.ir.logical import Op, Repeat, Statement

NARROW = 20
WIDE = 2000
# States followed in a whole body, about: a long body gets a narrower search, and says so.
STATES = 20_000


# What was decided for an operator; for everything else the step itself.
Decision = Transition | Step


@attrs.frozen(kw_only=True)
class Limits:
    """What a search may do.

    ``width``: most states followed at once.  ``room``: bytes that no single block may exceed.
    ``banned``: for an operator's result the assignments that it may not take.
    """

    width: int = WIDE
    room: int | None = None
    banned: Mapping[str, Sequence[Assignment]] = attrs.Factory(dict[str, Sequence[Assignment]])


def choose(problem: Problem) -> Solution | None:
    """The cheapest program that respects the plan, preferring one that fits into memory.

    None where the plan's ``via`` lines leave no way.
    """
    best = Chooser(problem, Limits()).solve()
    room = problem.program.cluster.gpu.memory_bytes - problem.kept_bytes()
    if best is None or room <= 0 or _largest(best, problem) <= room:
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
        return self._solve_body(self.problem.body(), {}, targets)

    def loop(self, repeat: Repeat, boundary: tuple[Layout, ...]) -> Solution | None:
        """The body of a repeat with its carried values in these layouts at entry and exit."""
        key = (repeat.scope, boundary)
        if key not in self._loops:
            start = {c.entry: b for c, b in zip(repeat.carried, boundary, strict=True)}
            start |= {v: self.problem.planning.layouts[v] for v in self.problem.captured(repeat)}
            ends = tuple((c.yields, b) for c, b in zip(repeat.carried, boundary, strict=True))
            self._loops[key] = self._solve_body(self.problem.body(repeat), start, ends)
        return self._loops[key]

    def _solve_body(
        self,
        body: Body,
        start: Mapping[str, Layout],
        targets: tuple[tuple[str, Layout], ...],
    ) -> Solution | None:
        affordable = max(2, min(self.limits.width, STATES // max(len(body.statements), 1)))
        width = min(NARROW, affordable)
        narrow = _Run(self, body, start, targets, width, None).result()
        if narrow is None or not narrow.gap or affordable <= 2 * width:
            return narrow
        wide = _Run(self, body, start, targets, affordable, narrow.cost).result()
        return wide or narrow


class _Run:
    """One pass of the dynamic program over one body, at one width.

    ``names`` are the live values, in the order of a state; the first stands for all numbers.
    """

    def __init__(
        self,
        chooser: Chooser,
        body: Body,
        start: Mapping[str, Layout],
        targets: tuple[tuple[str, Layout], ...],
        width: int,
        bound: Cost | None,
    ) -> None:
        self.chooser = chooser
        self.problem = chooser.problem
        self.body = body
        self.targets = targets
        self.position = 0
        self.names = (NUMBERS, *start)
        first = [self.problem.bit(value, layout) for value, layout in start.items()]
        whole = self.problem.layouts.whole
        self.frontier: Frontier[Decision] = Frontier((whole, *first), width, bound, self._ahead)

    def _ahead(self) -> int:
        """Picoseconds that the statements behind the present one take at the very least."""
        return self._least[self.position + 1]

    @cached_property
    def _least(self) -> Sequence[int]:
        """For each statement the least time of it and all that follow; 0 at the end, and beyond."""
        sums = [0, 0]
        for statement in reversed(self.body.statements):
            sums.append(sums[-1] + self.problem.least_picoseconds(statement))
        return sums[::-1]

    def result(self) -> Solution | None:
        """The best solution, or None where no way is legal."""
        for position, statement in enumerate(self.body.statements):
            self.position = position
            there = (*self.names, *results_of(statement))
            last = self.body.last
            keep = [i for i, name in enumerate(there) if last.get(name, -1) > position]
            if isinstance(statement, Op):
                self._operator(statement, keep)
            else:
                self._repeat(statement, keep)
            self.names = tuple(there[i] for i in keep)
            self.frontier.advance()
        self.position = len(self.body.statements)
        for node in self.frontier.nodes:
            self._finish(node)
        self.frontier.advance()
        best = self.frontier.best()
        if best is None:
            return None
        steps = self._steps(best.history())
        gap = self.frontier.gap(best.cost) + sum(step.doubt for step in steps)
        return Solution(steps, best.cost, gap)

    def _operator(self, op: Op, keep: Sequence[int]) -> None:
        slot = {name: i for i, name in enumerate(self.names)}
        slots = [slot[o] if isinstance(o, str) else slot[NUMBERS] for o in op.operands]
        affordable, kept = self.frontier.affordable, picker(keep)
        for node in self.frontier.nodes:
            for transition in self._transitions(op, tuple(node.state[i] for i in slots)):
                cost = add(node.cost, transition.cost)
                if cost > affordable:
                    break  # the others cost no less
                state = [*node.state, transition.made]
                for i, copies in zip(slots, transition.copies, strict=True):
                    state[i] = copies
                self.frontier.offer(node, cost, kept(state), transition)

    def _transitions(self, op: Op, existing: State) -> Sequence[Transition]:
        """What may be done with an operator from these copies of its operands.

        Where something is banned, the runners-up count too.
        """
        transitions = self.problem.transitions(op.result)
        limits, site = self.chooser.limits, self.problem.sites[op.result]
        banned = limits.banned.get(op.result, ())
        if not banned and limits.room is None:
            return transitions.of(existing)
        found = transitions.every(existing) if banned else transitions.of(existing)
        return [
            transition
            for transition in found
            if site.way(transition.way).assignment not in banned
            and (limits.room is None or transitions.largest_block(transition) <= limits.room)
        ]

    def _repeat(self, repeat: Repeat, keep: Sequence[int]) -> None:
        layouts, problem = self.problem.planning.layouts, self.problem
        bodies = {b: self.chooser.loop(repeat, b) for b in problem.boundaries(repeat)}
        # Any of the bodies, the one not taken too, may be so much cheaper than it was found to be.
        doubt = repeat.trips * max(body.gap if body else 0 for body in bodies.values())
        for boundary, inner in bodies.items():
            carried = list(zip(repeat.carried, boundary, strict=True))
            wanted = [(c.init, layout) for c, layout in carried]
            wanted += [(value, layouts[value]) for value in problem.captured(repeat)]
            results = [problem.bit(c.result, layout) for c, layout in carried]
            for node in self.frontier.nodes:
                done = self._read(node, wanted)
                if inner is None or done is None:
                    continue
                cost = add(done[0], scale(inner.cost, repeat.trips))
                state = (*done[1], *results)
                step = Step(repeat, None, done[2], (), inner, boundary, doubt)
                if cost <= self.frontier.affordable:
                    self.frontier.offer(node, cost, tuple(state[i] for i in keep), step)

    def _finish(self, node: Node[Decision]) -> None:
        done = self._read(node, self.targets)
        if done is not None and done[0] <= self.frontier.affordable:
            cost, state, reads = done
            self.frontier.offer(node, cost, state, Step(None, None, reads))

    def _read(
        self, node: Node[Decision], wanted: Sequence[tuple[str, Layout]]
    ) -> tuple[Cost, State, tuple[Read, ...]] | None:
        """Make every wanted layout exist; each from the nearest copy."""
        cost, state = node.cost, list(node.state)
        reads: list[Read] = []
        for value, target in wanted:
            slot = self.names.index(value)
            supply = self.problem.supply(value)
            reach = supply.reach(state[slot], self.problem.bit(value, target))
            if reach is None:
                return None
            cost = add(cost, reach.cost)
            state[slot] = reach.copies
            reads.append(Read(value, self.problem.named(value, reach.source), target))
        return cost, tuple(state), tuple(reads)

    def _steps(self, decisions: Sequence[Decision]) -> tuple[Step, ...]:
        """The decisions in the order of the program; the last is what is read at the end."""
        made = map(self._step, (*self.body.statements, None), decisions)
        places = (*self.body.places, len(self.body.places))
        ordered = sorted(zip(places, made, strict=True), key=itemgetter(0))
        return tuple(step for _, step in ordered)

    def _step(self, statement: Statement | None, decision: Decision) -> Step:
        """A decision with its values and dimensions named."""
        if isinstance(decision, Step):
            return decision
        if not isinstance(statement, Op):
            raise TypeError("only operators have transitions")
        named = self.problem.named
        reads = tuple(
            Read(operand, named(operand, source), named(operand, target))
            for position, source, target in decision.reads
            if isinstance(operand := statement.operands[position], str)
        )
        result = statement.result
        way = self.problem.sites[result].way(decision.way)
        made = named(result, decision.made)
        held = (Read(result, way.result, made),) if way.result != made else ()
        return Step(statement, way, reads, held)
