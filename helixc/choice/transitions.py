"""What an operator can do from where its operands are: each way with its reshards, cost and copies.

A transition speaks of operands by position, so it serves every layer in which the operator stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.choice.operators import Operator
from helixc.choice.reshard import ReshardPath, ReshardSearch
from helixc.choice.states import ZERO, CopySets, Cost, State, add
from helixc.choice.ways import Setting, Way, candidate_ways, follows
from helixc.ir.hardware import Gpu
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.ops import OPS
from helixc.ir.rules import Factor
from helixc.price.operator import LocalOperator, least_picoseconds, operator_price

# For each operand the layouts in which it exists.
Copies = tuple[tuple[Layout, ...], ...]


@attrs.frozen
class Transition:
    """One way from given copies.

    ``reads``: operand position, source and target layout.  ``copies``: what exists of each operand
    afterwards, as numbers of sets.  ``made``: the layout in which the result is kept (``way.result``,
    unless it is held), ``kept`` the number of the set of it alone.
    """

    way: Way
    cost: Cost
    reads: tuple[tuple[int, Layout, Layout], ...]
    copies: State
    made: Layout
    kept: int


class Transitions:
    """Works out transitions, each once.

    ``cut_short``: of some operator not every mixture of choices for the mesh axes was tried.
    """

    def __init__(self, search: ReshardSearch, gpu: Gpu, sets: CopySets) -> None:
        self.search = search
        self.gpu = gpu
        self.sets = sets
        self._ways: dict[tuple[Operator, Copies], tuple[Way, ...]] = {}
        self._known: dict[tuple[Operator, State], tuple[Transition, ...]] = {}
        self._times: dict[tuple[Operator, tuple[tuple[str, int], ...]], int] = {}
        self.cut_short = False

    def of(self, operator: Operator, state: State) -> tuple[Transition, ...]:
        """The transitions worth trying from these copies of the operands, cheapest first."""
        key = (operator, state)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._undominated(self.every(operator, state))
        return known

    def every(self, operator: Operator, state: State) -> list[Transition]:
        """Every transition, those included that another outdoes."""
        copies = tuple(self.sets.layouts(number) for number in state)
        tried = (self._go(operator, way, copies) for way in self.ways(operator, copies))
        return [found for found in tried if found is not None]

    def _undominated(self, found: list[Transition]) -> tuple[Transition, ...]:
        """Without those that another matches in its result and its copies at no higher cost."""
        kept: list[Transition] = []
        for one in sorted(found, key=lambda transition: transition.cost):
            rivals = (other.copies for other in kept if other.made == one.made)
            if not any(self.sets.covers(copies, one.copies) for copies in rivals):
                kept.append(one)
        return tuple(kept)

    def ways(self, operator: Operator, copies: Copies) -> tuple[Way, ...]:
        """The ways of an operator whose operands exist in these layouts."""
        key = (operator, copies)
        if key not in self._ways:
            self._ways[key] = self._find(operator, copies)
        return self._ways[key]

    def picoseconds(self, operator: Operator, way: Way) -> int:
        """Time of the local work of one way on one GPU."""
        key = (operator, way.ways)
        if key not in self._times:
            split = dict(way.ways)
            sizes = operator.sizes
            local = {f.name: sizes[_dim(f)] // split[f.name] for f in operator.rule}
            price = operator_price(_local_operator(operator, local), self.gpu)
            self._times[key] = price.picoseconds
        return self._times[key]

    def least_picoseconds(self, operator: Operator, devices: int) -> int:
        """Less time than any way can take: all the work, shared by all GPUs."""
        local = {f.name: operator.sizes[_dim(f)] for f in operator.rule}
        return least_picoseconds(_local_operator(operator, local), self.gpu, devices)

    def _find(self, operator: Operator, copies: Copies) -> tuple[Way, ...]:
        row = OPS[operator.kind]
        if row.arity == 0:
            layouts = [operator.planned]
            if row.work == "free" and operator.planned != WHOLE:
                layouts.append(WHOLE)  # made locally, so it can as well be made whole
            return tuple(self._source(operator, layout) for layout in layouts)
        setting = Setting(
            row=row,
            rule=operator.rule,
            planned=operator.planned,
            homes=operator.homes,
            departed=_departed(operator.homes, copies),
            copies=copies,
            numbers=operator.numbers,
            stored=operator.stored,
            named=dict(operator.named),
            forced=dict(operator.forced),
            follows=follows(row, operator.rule),
        )
        found, complete = candidate_ways(setting, self.search.mesh, operator.sizes)
        self.cut_short |= not complete
        return found

    def _source(self, operator: Operator, layout: Layout) -> Way:
        """The way of a value that is simply there: in its layout at rest."""
        assignment = tuple((atom, dim) for dim, atoms in layout.split for atom in atoms)
        mesh = self.search.mesh
        ways = tuple((f.name, mesh.ways(layout.atoms_of(f.name))) for f in operator.rule)
        return Way(assignment, (), layout, ways)

    def _go(self, operator: Operator, way: Way, copies: Copies) -> Transition | None:
        departs = int(_departs(way.result, operator.planned))
        cost: Cost = (0, self.picoseconds(operator, way), departs, 0)
        there = list(copies)
        reads: list[tuple[int, Layout, Layout]] = []
        for position, target in enumerate(way.operands):
            if operator.numbers[position]:
                continue
            first = operator.same[position]
            shape, stored = operator.shapes[position], operator.stored[position]
            nearest = [
                (path_cost(path), source, path)
                for source in there[first]
                if (path := self.search.path(shape, source, target, stored=stored)) is not None
            ]
            if position in operator.unmoved:
                nearest = [entry for entry in nearest if not entry[2].legs]
            if not nearest:
                return None
            spent, source, path = min(nearest, key=lambda entry: entry[0])
            cost = add(cost, spent)
            reads.append((position, source, target))
            there[first] = with_copies(there[first], path)
        made = way.result
        if operator.exact and made != operator.planned:
            held = self.search.path(operator.result, made, operator.planned)
            if held is None:
                return None
            cost = add(cost, path_cost(held))
            made = operator.planned
        numbers = tuple(self.sets.number(there[first]) for first in operator.same)
        return Transition(way, cost, tuple(reads), numbers, made, self.sets.number((made,)))


def path_cost(path: ReshardPath) -> Cost:
    """The cost of a path, as the choice counts it."""
    return (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps) if path.legs else ZERO


def with_copies(existing: tuple[Layout, ...], path: ReshardPath) -> tuple[Layout, ...]:
    """The copies that exist once a path has been gone: every layout on the way is one."""
    if not path.legs:
        return existing
    return tuple(dict.fromkeys((*existing, *(leg.layout for leg in path.legs))))


def _local_operator(operator: Operator, local: Mapping[str, int]) -> LocalOperator:
    types = [shape.type for shape in operator.shapes]
    return LocalOperator(operator.kind, types, operator.result.type, operator.rule, local)


def _dim(factor: Factor) -> str:
    return factor.result or next(dim for dim in factor.operands if dim is not None)


def _departed(homes: Sequence[Layout], copies: Copies) -> Copies:
    """For each operand where it is instead, if no copy is split as planned."""
    return tuple(
        () if any(layout.split == home.split for layout in existing) else existing
        for home, existing in zip(homes, copies, strict=True)
    )


def _departs(layout: Layout, planned: Layout) -> bool:
    """Whether an atom was put on a dimension on which the plan does not have it."""
    return any(atom not in planned.atoms_of(dim) for dim, atoms in layout.split for atom in atoms)
