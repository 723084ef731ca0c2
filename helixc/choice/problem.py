"""What is to be chosen: the program, its operators under the plan, and the prices, shared by all runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import attrs

from helixc.choice.difference import Shape, shape_of
from helixc.choice.operators import Operator, site_of
from helixc.choice.plan_view import is_strict
from helixc.choice.planning import Planning
from helixc.choice.reshard import ReshardPath, ReshardSearch
from helixc.choice.states import CopySets
from helixc.choice.transitions import Transitions
from helixc.ir.layout import WHOLE, Layout, local_bytes
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.price.collective import CollectivePrices

Assignment = tuple[tuple[str, str], ...]
# With more carried values than this, only all planned and all whole are tried.
MIXED_BOUNDARIES = 3


class Problem:
    """One program under one plan: operators with their transitions, and paths with their prices.

    ``forcing_lines``: the ``via`` lines that force some operator, as block and number.
    """

    def __init__(self, program: Logical, planning: Planning) -> None:
        self.program = program
        self.planning = planning
        self.search = ReshardSearch(CollectivePrices(planning.mesh, program.cluster))
        self.sets = CopySets()
        self.transitions = Transitions(self.search, program.cluster.gpu, self.sets)
        sites = {value: site_of(op, program, planning) for value, op in program.makers.items()}
        held = {value for site in sites.values() for value in site.forcing.held}
        for value in sorted(held & set(sites)):
            operator = attrs.evolve(sites[value].operator, exact=True)
            sites[value] = attrs.evolve(sites[value], operator=operator)
        self.sites = sites
        self.forcing_lines = {key for site in sites.values() for key in site.forcing.lines}
        self._least: dict[Operator, int] = {}
        self._shapes: dict[str, Shape] = {}

    @property
    def untried(self) -> tuple[str, ...]:
        """What was left out because there are too many mesh axes; () if nothing was."""
        found = [
            ("mixture of splits", self.transitions.cut_short),
            ("way to move a value", self.search.cut_short),
        ]
        return tuple(words for words, left_out in found if left_out)

    def path(self, value: str, source: Layout, target: Layout) -> ReshardPath | None:
        """The cheapest path between two layouts of a value."""
        if value not in self._shapes:
            self._shapes[value] = shape_of(self.program.types[value], self.program.sizes)
        stored = value in self.program.stored
        return self.search.path(self._shapes[value], source, target, stored=stored)

    def boundaries(self, repeat: Repeat) -> list[tuple[Layout, ...]]:
        """Candidate layouts of the carried values of a repeat: planned, or, if not strict, whole."""
        layouts = self.planning.layouts
        around = self.planning.coverage.of_scope(repeat.scope)
        lines = (line for i in around for line in self.program.plan.blocks[i].lines)
        if is_strict(lines):
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
        operator = self.sites[statement.result].operator
        if operator not in self._least:
            devices = self.planning.mesh.devices
            least = self.transitions.least_picoseconds(operator, devices)
            self._least[operator] = least
        return self._least[operator]

    def weight_bytes(self) -> int:
        """Bytes of the weights that one GPU keeps, those of every turn of a repeat."""
        total = 0
        turns = _turns(self.program)
        for value in self.program.stored:
            total += turns[value] * self.block_bytes(value, self.planning.layouts[value])
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
