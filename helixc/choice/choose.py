"""The choice: dynamic programming over the operators, in program order.

State = for every live value the layouts in which copies of it exist.  An operator's ways (``ways.py``) each
need operand layouts; what does not exist is made from the nearest copy by the cheapest path, and every
layout on that path exists from then on, so a second reader is served for free or from nearer by.  Cost =
unasked weight gathers, then time, then departures from the plan, then steps.

A narrow run gives an upper bound; if it had to drop states, a wide run follows that drops what
cannot beat the bound.  A wide run that overflows is reported with the gap it leaves.  A repeat is solved
once for each candidate layout of its carried values, entry = exit, and then counts as one operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import attrs

from helixc.choice.operators import Operator, operator_of
from helixc.choice.planning import Planning
from helixc.choice.reshard import ReshardPath, ReshardSearch
from helixc.choice.states import ZERO, Cost, Frontier, Node, add, scale
from helixc.choice.ways import Way
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.price.collective import CollectivePrices

Assignment = tuple[tuple[str, str], ...]
NARROW = 20
WIDE = 2000


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
    (a named value held exactly, a result).  ``inner`` is the solution of a repeat's body.
    """

    statement: Statement | None
    way: Way | None
    reads: tuple[Read, ...]
    after: tuple[Read, ...] = ()
    inner: Solution | None = None
    boundary: tuple[Layout, ...] = ()

    @property
    def trips(self) -> int:
        """How often ``inner`` runs."""
        return self.statement.trips if isinstance(self.statement, Repeat) else 0


@attrs.frozen
class Solution:
    """Decisions in program order, their cost, and how far from the best they may be (picoseconds)."""

    steps: tuple[Step, ...]
    cost: Cost
    gap: int = 0


class Chooser:
    """Solves one program under one plan; shares prices, paths and ways between its parts.

    ``width``: most states followed at once.  ``banned``: for an operator's result the assignments
    that it may not take.
    """

    def __init__(
        self,
        program: Logical,
        planning: Planning,
        *,
        width: int = WIDE,
        banned: Mapping[str, Sequence[Assignment]] | None = None,
    ) -> None:
        self.program = program
        self.planning = planning
        self.width = width
        self.banned = banned or {}
        self.prices = CollectivePrices(planning.mesh, program.cluster)
        self.search = ReshardSearch(self.prices, program.sizes)
        self._operators = {
            name: operator_of(op, program, planning) for name, op in program.makers.items()
        }
        forced = (value for operator in self._operators.values() for value in operator.held)
        self.exact = planning.exact.union(forced)
        self._loops: dict[tuple[int, tuple[Layout, ...]], Solution | None] = {}

    def solve(self) -> Solution:
        """The cheapest program that respects the plan."""
        solution = self.attempt()
        if solution is None:
            raise ValueError("no legal way was found for this program")
        return solution

    def attempt(self) -> Solution | None:
        """As ``solve``, but None where what is banned leaves no way."""
        targets = tuple((o.value, self.planning.layouts[o.value]) for o in self.program.outputs)
        return self._solve_body(self.program.body, {}, targets)

    def ways(self, op: Op, copies: Sequence[tuple[Layout, ...]]) -> tuple[Way, ...]:
        """The ways of an operator whose operands exist in these layouts, less the banned ones."""
        found = self._operators[op.result].ways(tuple(copies))
        banned = self.banned.get(op.result, ())
        return tuple(way for way in found if way.assignment not in banned) if banned else found

    def operator(self, op: Op) -> Operator:
        """The operator as the choice sees it."""
        return self._operators[op.result]

    def path(self, value: str, source: Layout, target: Layout) -> ReshardPath | None:
        """The cheapest path between two layouts of a value."""
        stored = value in self.program.stored
        return self.search.path(self.program.types[value], source, target, stored=stored)

    # --- bodies

    def _solve_body(
        self,
        body: Sequence[Statement],
        start: Mapping[str, Layout],
        targets: tuple[tuple[str, Layout], ...],
    ) -> Solution | None:
        narrow = _Run(self, body, start, targets, NARROW, None).result()
        if narrow is None or not narrow.gap or self.width <= NARROW:
            return narrow
        wide = _Run(self, body, start, targets, self.width, narrow.cost).result()
        return wide or narrow

    def loop(self, repeat: Repeat, boundary: tuple[Layout, ...]) -> Solution | None:
        """The body of a repeat with its carried values in these layouts at entry and exit."""
        key = (repeat.scope, boundary)
        if key not in self._loops:
            start = {c.entry: b for c, b in zip(repeat.carried, boundary, strict=True)}
            start |= {v: self.planning.layouts[v] for v in captured(repeat)}
            ends = tuple((c.yields, b) for c, b in zip(repeat.carried, boundary, strict=True))
            self._loops[key] = self._solve_body(repeat.body, start, ends)
        return self._loops[key]

    def boundaries(self, repeat: Repeat) -> list[tuple[Layout, ...]]:
        """Candidate layouts of the carried values: planned, or whole."""
        options = [
            list(dict.fromkeys((self.planning.layouts[c.entry], WHOLE))) for c in repeat.carried
        ]
        if len(repeat.carried) > 3:
            return [tuple(o[0] for o in options), tuple(o[-1] for o in options)]
        return list(product(*options))


def captured(repeat: Repeat) -> tuple[str, ...]:
    """Values that the body of a repeat reads from outside, in order of use."""
    inside = {c.entry for c in repeat.carried}
    found: dict[str, None] = {}
    for statement in repeat.body:
        reads = reads_of(statement)
        found.update(dict.fromkeys(v for v in reads if v not in inside))
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
        self.body = body
        self.targets = targets
        self.last = _last_uses(body, targets)
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

    def _operator(self, node: Node, op: Op, position: int) -> None:
        operator = self.chooser.operator(op)
        existing = tuple(node.copies[o] if isinstance(o, str) else (WHOLE,) for o in op.operands)
        for way in self.chooser.ways(op, existing):
            wanted = [
                (o, need)
                for o, need in zip(op.operands, way.operands, strict=False)
                if isinstance(o, str)
            ]
            done = self._read(node, wanted)
            if done is None:
                continue
            cost, copies, reads = done
            departs = int(_departs(way.result, operator.planned))
            cost = add(cost, (0, operator.picoseconds(way), departs, 0))
            copies[op.result] = (way.result,)
            after: tuple[Read, ...] = ()
            if op.result in self.chooser.exact and way.result != operator.planned:
                held = self._hold(op.result, way.result, operator.planned)
                if held is None:
                    continue
                cost = add(cost, held[1])
                after = (held[0],)
                copies[op.result] = (operator.planned,)
            step = Step(op, way, reads, after)
            self._keep(node, cost, copies, step, position)

    def _hold(self, value: str, made: Layout, wanted: Layout) -> tuple[Read, Cost] | None:
        path = self.chooser.path(value, made, wanted)
        if path is None:
            return None
        return Read(value, made, wanted), _cost(path)

    def _repeat(self, node: Node, repeat: Repeat, position: int) -> None:
        layouts = self.chooser.planning.layouts
        for boundary in self.chooser.boundaries(repeat):
            inner = self.chooser.loop(repeat, boundary)
            if inner is None:
                continue
            wanted = [(c.init, b) for c, b in zip(repeat.carried, boundary, strict=True)]
            wanted += [(value, layouts[value]) for value in captured(repeat)]
            done = self._read(node, wanted)
            if done is None:
                continue
            cost, copies, reads = done
            cost = add(cost, scale(inner.cost, repeat.trips))
            for carried, layout in zip(repeat.carried, boundary, strict=True):
                copies[carried.result] = (layout,)
            step = Step(repeat, None, reads, (), inner, boundary)
            self._keep(node, cost, copies, step, position)

    def _finish(self, node: Node) -> None:
        done = self._read(node, self.targets)
        if done is not None:
            cost, copies, reads = done
            self.frontier.offer(node, cost, copies, Step(None, None, reads))

    def _read(
        self, node: Node, wanted: Sequence[tuple[str, Layout]]
    ) -> tuple[Cost, dict[str, tuple[Layout, ...]], tuple[Read, ...]] | None:
        """Make every wanted layout exist; each from the nearest copy."""
        cost = node.cost
        copies = dict(node.copies)
        reads: list[Read] = []
        for value, target in wanted:
            best: tuple[Cost, Layout, ReshardPath] | None = None
            for source in copies[value]:
                path = self.chooser.path(value, source, target)
                if path is not None and (best is None or _cost(path) < best[0]):
                    best = (_cost(path), source, path)
            if best is None:
                return None
            cost = add(cost, best[0])
            reads.append(Read(value, best[1], target))
            if best[2].legs:
                on_the_way = (leg.layout for leg in best[2].legs)
                copies[value] = tuple(dict.fromkeys((*copies[value], *on_the_way)))
        return cost, copies, tuple(reads)

    def _keep(
        self,
        node: Node,
        cost: Cost,
        copies: dict[str, tuple[Layout, ...]],
        step: Step,
        position: int,
    ) -> None:
        live = {v: c for v, c in copies.items() if self.last.get(v, -1) > position}
        self.frontier.offer(node, cost, live, step)


def _last_uses(body: Sequence[Statement], targets: Sequence[tuple[str, Layout]]) -> dict[str, int]:
    last: dict[str, int] = {}
    for position, statement in enumerate(body):
        for value in reads_of(statement):
            last[value] = position
    last.update((value, len(body)) for value, _ in targets)
    return last


def _cost(path: ReshardPath) -> Cost:
    return (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps)


def _departs(layout: Layout, planned: Layout) -> bool:
    """Whether an atom was put on a dimension on which the plan does not have it."""
    return any(atom not in planned.atoms_of(dim) for dim, atoms in layout.split for atom in atoms)
