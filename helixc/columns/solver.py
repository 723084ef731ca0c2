"""The choice that ``strict`` leaves, for a column of plans.

The same dynamic program as ``choice.choose``, over the same ways and the same copies, with columns for
costs.  Under ``strict`` every result is held as planned, so states differ only in the copies that lie
beside, and there are few.  A plan for which a weight would be gathered unasked, or for which there is no
way, is marked ``unsure`` and chosen on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from helixc.choice.bodies import NUMBERS, Body
from helixc.choice.operators import Operator
from helixc.choice.positions import by_position, shape_by_position
from helixc.choice.problem import Problem
from helixc.choice.solution import results_of
from helixc.choice.states import State
from helixc.choice.transitions import departs
from helixc.choice.ways import Way
from helixc.columns.family import NEVER, Column, Family, Mask, NotInColumns
from helixc.columns.frontier import Frontier, Node
from helixc.columns.paths import GATHER, MOST_PICOSECONDS
from helixc.columns.prices import OperatorPrices
from helixc.columns.variants import Moved, Reads, Variant, Wanted
from helixc.ir.layout import Layout
from helixc.ir.logical import Op, Repeat, Statement

# Departures from the plan count before steps.
DEPARTURE = 2**32
MOST_GATHERS = 15


@attrs.frozen(eq=False)
class Decision:
    """What is done for one statement: reads before it, the way of an operator, moves that hold its result.

    Layouts speak of dimensions by position.  ``slots``: the values, by slot.
    """

    statement: Statement | None
    moved: tuple[Moved, ...]
    slots: tuple[str, ...] = ()
    way: Way | None = None
    picoseconds: Column | None = None
    held: tuple[Moved, ...] = ()
    inner: BodySolution | None = None
    boundary: tuple[Layout, ...] = ()


@attrs.frozen(eq=False)
class BodySolution:
    """For each statement, as written, its decisions, and which of them each plan takes; then the last reads."""

    decisions: tuple[tuple[Decision, ...], ...]
    taken: tuple[Column, ...]
    first: Column
    second: Column
    unsure: Mask


@attrs.frozen(eq=False)
class Transition:
    """One variant of one way, as the operator numbers dimensions."""

    variant: Variant
    decision: Decision
    copies: State
    made: int


class Solver:
    """Solves the bodies of one program for one family of plans."""

    def __init__(
        self, family: Family, problem: Problem, reads: Reads, prices: OperatorPrices
    ) -> None:
        self.family = family
        self.problem = problem
        self.layouts = problem.layouts
        self.reads = reads
        self.prices = prices
        self._known: dict[tuple[Operator, State], list[Transition]] = {}

    def solve(self) -> BodySolution:
        """The whole program."""
        program, layouts = self.problem.program, self.problem.planning.layouts
        targets = [(output.value, layouts[output.value]) for output in program.outputs]
        return _Run(self, self.problem.body(), {}, targets).solve()

    def loop(self, repeat: Repeat, boundary: tuple[Layout, ...]) -> BodySolution:
        """One turn of a repeat with its carried values in these layouts at entry and exit."""
        start = {c.entry: b for c, b in zip(repeat.carried, boundary, strict=True)}
        start |= {v: self.problem.planning.layouts[v] for v in self.problem.captured(repeat)}
        ends = [(c.yields, b) for c, b in zip(repeat.carried, boundary, strict=True)]
        return _Run(self, self.problem.body(repeat), start, ends).solve()

    def transitions(self, value: str, existing: State) -> list[Transition]:
        """Everything that can be done with the operator of a value from these copies of its operands."""
        transitions = self.problem.transitions(value)
        operator = transitions.operator
        key = (operator, existing)
        if key not in self._known:
            if operator.unmoved or operator.forced:
                raise NotInColumns
            copies = tuple(self.layouts.of(number) for number in existing)
            ways = transitions.candidates.of(copies)
            self._known[key] = [t for way in ways for t in self._go(operator, way, existing)]
        return self._known[key]

    def _go(self, operator: Operator, way: Way, existing: State) -> list[Transition]:
        time = self._time(operator, way)
        departed = DEPARTURE * int(departs(way.result, operator.planned))
        start = self.reads.start(existing)
        variants = [attrs.evolve(start, first=time, second=start.second + departed)]
        for position, target in enumerate(way.operands):
            if not operator.numbers[position]:
                slot = operator.same[position]
                shape, freely = operator.shapes[position], operator.freely[position]
                variants = self.reads.read(variants, Wanted(slot, shape, target, freely))
        made = way.result
        if operator.exact and made != operator.planned:
            made = operator.planned
            variants = [self._beside(variant, way.result) for variant in variants]
            wanted = Wanted(len(existing), operator.result, made, operator.made_freely)
            variants = self.reads.read(variants, wanted)
        return [self._transition(operator, way, time, made, variant) for variant in variants]

    def _beside(self, variant: Variant, result: Layout) -> Variant:
        return attrs.evolve(variant, there=(*variant.there, self.layouts.bit(result)))

    def _transition(
        self, operator: Operator, way: Way, time: Column, made: Layout, variant: Variant
    ) -> Transition:
        held = tuple(moved for moved in variant.moved if moved.slot == len(operator.shapes))
        moved = variant.moved[: len(variant.moved) - len(held)]
        decision = Decision(None, moved, (), way, time, held)
        copies = tuple(variant.there[first] for first in operator.same)
        return Transition(variant, decision, copies, self.layouts.bit(made))

    def _time(self, operator: Operator, way: Way) -> Column:
        """Picoseconds of the local work."""
        names = operator.sizes
        atoms: dict[str, tuple[str, ...]] = {}
        for atom, where in way.assignment:
            if where in names:
                atoms[where] = (*atoms.get(where, ()), atom)
        split = [(name, self.family.ways(own)) for name, own in atoms.items()]
        time = self.prices.column(operator, split)
        if time.max(initial=0) >= MOST_PICOSECONDS:
            raise NotInColumns
        return time + self.family.zeros


class _Run:
    """One pass of the dynamic program over one body."""

    def __init__(
        self,
        solver: Solver,
        body: Body,
        start: Mapping[str, Layout],
        targets: Sequence[tuple[str, Layout]],
    ) -> None:
        self.solver = solver
        self.problem = solver.problem
        self.body = body
        self.targets = targets
        self.names = (NUMBERS, *start)
        first = [self.problem.bit(value, layout) for value, layout in start.items()]
        self.frontier: Frontier[Decision] = Frontier(
            (self.problem.layouts.whole, *first), solver.family
        )
        self.unsure: Mask = np.zeros(solver.family.plans, dtype=np.bool_)

    def solve(self) -> BodySolution:
        """The cheapest decisions of each plan."""
        last = self.body.last
        for position, statement in enumerate(self.body.statements):
            there = (*self.names, *results_of(statement))
            keep = [i for i, name in enumerate(there) if last.get(name, -1) > position]
            if isinstance(statement, Op):
                self._operator(statement, keep)
            else:
                self._repeat(statement, keep)
            self.names = tuple(there[i] for i in keep)
            self.frontier.advance()
        for node in self.frontier.nodes:
            for variant in self._read(node, self.targets):
                decision = Decision(None, variant.moved, self.names)
                self.frontier.offer(node, variant, variant.there, decision)
        self.frontier.advance()
        done = self.frontier.history()
        unsure = self.unsure | (done.first >= GATHER)
        # What is read at the end is decided last, and stands there.
        order = [*sorted(range(len(self.body.places)), key=self.body.places.__getitem__), -1]
        return BodySolution(
            decisions=tuple(done.decisions[place] for place in order),
            taken=tuple(done.taken[place] for place in order),
            first=done.first,
            second=done.second,
            unsure=unsure,
        )

    def _operator(self, op: Op, keep: list[int]) -> None:
        slot = {name: i for i, name in enumerate(self.names)}
        slots = [slot[o] if isinstance(o, str) else slot[NUMBERS] for o in op.operands]
        values = tuple(str(operand) for operand in op.operands)
        for node in self.frontier.nodes:
            existing = tuple([node.state[i] for i in slots])
            for transition in self.solver.transitions(op.result, existing):
                state = [*node.state, transition.made]
                for i, copies in zip(slots, transition.copies, strict=True):
                    state[i] = copies
                decision = attrs.evolve(transition.decision, statement=op, slots=values)
                kept = tuple([state[i] for i in keep])
                self.frontier.offer(node, transition.variant, kept, decision)

    def _repeat(self, repeat: Repeat, keep: list[int]) -> None:
        boundaries = self.problem.boundaries(repeat)
        if len(boundaries) != 1:
            raise NotInColumns
        boundary = boundaries[0]
        inner = self.solver.loop(repeat, boundary)
        layouts = self.problem.planning.layouts
        wanted = [(c.init, b) for c, b in zip(repeat.carried, boundary, strict=True)]
        wanted += [(value, layouts[value]) for value in self.problem.captured(repeat)]
        carried = zip(repeat.carried, boundary, strict=True)
        results = [self.problem.bit(c.result, layout) for c, layout in carried]
        for node in self.frontier.nodes:
            for variant in self._read(node, wanted):
                state = (*variant.there, *results)
                decision = Decision(
                    repeat, variant.moved, self.names, inner=inner, boundary=boundary
                )
                whole = attrs.evolve(
                    variant,
                    first=np.minimum(variant.first + _turns(inner.first, repeat.trips), NEVER),
                    second=variant.second + inner.second * repeat.trips,
                )
                self.frontier.offer(node, whole, tuple(state[i] for i in keep), decision)
        self.unsure = self.unsure | inner.unsure

    def _read(self, node: Node[Decision], wanted: Sequence[tuple[str, Layout]]) -> list[Variant]:
        """Make every wanted layout exist; each from the nearest copy."""
        program = self.problem.program
        variants = [self.solver.reads.start(node.state)]
        for value, layout in wanted:
            type_ = program.types[value]
            shape, target = shape_by_position(type_, program.sizes), by_position(layout, type_.dims)
            freely = self.problem.planning.freely(value)
            need = Wanted(self.names.index(value), shape, target, freely)
            variants = self.solver.reads.read(variants, need)
        return variants


def _turns(first: Column, trips: int) -> Column:
    """The cost of so many turns; more gathers than are counted are as many as are counted."""
    gathers, time = np.minimum(first // GATHER * trips, MOST_GATHERS), first % GATHER
    if time.max(initial=0) >= MOST_PICOSECONDS // trips:
        raise NotInColumns
    return np.where(first < NEVER, gathers * GATHER + time * trips, NEVER)
