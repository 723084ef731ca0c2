"""What is to be chosen: the program, its operators under the plan, and the prices, shared by all runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

from helixc.choice.bodies import NUMBERS, Body
from helixc.choice.candidates import Candidates
from helixc.choice.copies import Supplies, Supply
from helixc.choice.difference import Shape, shape_of
from helixc.choice.operators import Operator
from helixc.choice.plan_view import PlanView
from helixc.choice.planning import Planning
from helixc.choice.positions import by_name, by_position, shape_by_position
from helixc.choice.reshard import ReshardPath, ReshardSearch
from helixc.choice.sites import site_of
from helixc.choice.solution import captured
from helixc.choice.transitions import Transitions
from helixc.ir.layout import WHOLE, Layout, local_bytes
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.mesh import Mesh
from helixc.ir.slices import kept_times
from helixc.price.collective import CollectivePrices

Assignment = tuple[tuple[str, str], ...]
# With more carried values than this, only all planned and all whole are tried.
MIXED_BOUNDARIES = 3


class Problem:
    """One program under one plan: operators with their transitions, and the copies of values.

    ``forcing_lines``: the ``via`` lines that force some operator, as block and number.
    """

    def __init__(
        self,
        program: Logical,
        planning: Planning,
        candidates: Callable[[Operator, Mesh], Candidates] = Candidates,
    ) -> None:
        self.program = program
        self.planning = planning
        self.search = ReshardSearch(CollectivePrices(planning.mesh, program.cluster))
        self.supplies = Supplies(self.search)
        self.layouts = self.supplies.layouts
        self._candidates = candidates
        self._plan = PlanView(program, planning)
        makers = program.makers.items()
        self.sites = {value: site_of(op, program, planning, self._plan) for value, op in makers}
        held = {value for site in self.sites.values() for value in site.forcing.held}
        for value in held & set(self.sites):
            self.sites[value] = self.sites[value].held()
        self.forcing_lines = {key for s in self.sites.values() for key in s.forcing.lines}
        self._transitions: dict[Operator, Transitions] = {}
        self._at: dict[str, Transitions] = {}
        self._shapes: dict[str, Shape] = {}
        self._bodies: dict[int, Body] = {}
        self._captured: dict[int, tuple[str, ...]] = {}

    def transitions(self, value: str) -> Transitions:
        """The transitions of the operator that makes a value; equal operators share them."""
        if value not in self._at:
            operator = self.sites[value].operator
            if operator not in self._transitions:
                candidates = self._candidates(operator, self.planning.mesh)
                gpu = self.program.cluster.gpu
                found = Transitions(operator, candidates, self.supplies, gpu)
                self._transitions[operator] = found
            self._at[value] = self._transitions[operator]
        return self._at[value]

    def body(self, repeat: Repeat | None = None) -> Body:
        """The body of a repeat, or the program's, as it is decided."""
        scope = repeat.scope if repeat is not None else -1
        if scope not in self._bodies:
            written = repeat.body if repeat is not None else self.program.body
            outputs = [output.value for output in self.program.outputs]
            ends = [c.yields for c in repeat.carried] if repeat is not None else outputs
            self._bodies[scope] = Body.of(written, (NUMBERS, *ends))
        return self._bodies[scope]

    def captured(self, repeat: Repeat) -> tuple[str, ...]:
        """Values that the body of a repeat reads from outside, in order of use."""
        if repeat.scope not in self._captured:
            self._captured[repeat.scope] = captured(repeat)
        return self._captured[repeat.scope]

    def supply(self, value: str) -> Supply:
        """The copies of values such as this one."""
        shape = shape_by_position(self.program.types[value], self.program.sizes)
        return self.supplies.of(shape, freely=self.planning.freely(value))

    def bit(self, value: str, layout: Layout) -> int:
        """A layout of a value as a set of one copy."""
        return self.layouts.bit(by_position(layout, self.program.types[value].dims))

    def named(self, value: str, bit: int) -> Layout:
        """The layout of a value's copy, with the names of its dimensions."""
        (layout,) = self.layouts.of(bit)
        return by_name(layout, self.program.types[value].dims)

    @property
    def untried(self) -> tuple[str, ...]:
        """What was left out because there are too many mesh axes; () if nothing was."""
        found = [
            (
                "mixture of splits",
                any(known.candidates.cut_short for known in self._transitions.values()),
            ),
            ("way to move a value", self.search.cut_short),
        ]
        return tuple(words for words, left_out in found if left_out)

    def path(self, value: str, source: Layout, target: Layout) -> ReshardPath | None:
        """The cheapest path between two layouts of a value."""
        if value not in self._shapes:
            self._shapes[value] = shape_of(self.program.types[value], self.program.sizes)
        freely = self.planning.freely(value)
        return self.search.path(self._shapes[value], source, target, freely=freely)

    def boundaries(self, repeat: Repeat) -> list[tuple[Layout, ...]]:
        """Candidate layouts of the carried values of a repeat: planned, or, if not strict, whole."""
        layouts = self.planning.layouts
        if self._plan.strict(self.planning.coverage.of_scope(repeat.scope)):
            return [tuple(layouts[c.entry] for c in repeat.carried)]
        options = [tuple(dict.fromkeys((layouts[c.entry], WHOLE))) for c in repeat.carried]
        if len(options) > MIXED_BOUNDARIES:
            uniform = (tuple(o[0] for o in options), tuple(o[-1] for o in options))
            return list(dict.fromkeys(uniform))
        return list(product(*options))

    def block_bytes(self, value: str, layout: Layout) -> int:
        """Bytes of one GPU's block of a value."""
        type_ = self.program.types[value]
        return local_bytes(type_, layout, self.program.sizes, self.planning.mesh)

    def least_picoseconds(self, statement: Statement) -> int:
        """Less time than any solution spends on the work of a statement."""
        if isinstance(statement, Repeat):
            return statement.trips * sum(self.least_picoseconds(s) for s in statement.body)
        return self.transitions(statement.result).least_picoseconds

    def kept_bytes(self) -> int:
        """Bytes of what one GPU keeps from step to step, in every turn of a repeat."""
        total = 0
        turns = _turns(self.program)
        for value, op in self.program.stored.items():
            blocks = turns[value] * kept_times(self.program, op.type)
            total += blocks * self.block_bytes(value, self.planning.layouts[value])
        return total


def _turns(program: Logical) -> dict[str, int]:
    """How often each value is made."""
    found: dict[str, int] = {}

    def visit(body: Sequence[Op | Repeat], times: int) -> None:
        for statement in body:
            if isinstance(statement, Repeat):
                visit(statement.body, times * statement.trips)
            else:
                found[statement.result] = times

    visit(program.body, 1)
    return found
