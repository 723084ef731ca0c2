"""What an operator can do from where its operands are: each way with its reshards, cost and copies.

A transition speaks of operands by position, so it serves every layer in which the operator stands.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import attrs

from helixc.choice.candidates import Candidates
from helixc.choice.copies import Supplies
from helixc.choice.operators import Operator
from helixc.choice.states import Cost, State, add, picker, undominated
from helixc.choice.ways import Way
from helixc.ir.hardware import Gpu
from helixc.ir.layout import Layout
from helixc.price.operator import least_picoseconds, operator_price


class Transition(NamedTuple):
    """One way from given copies.

    ``reads``: operand position, source and target layout.  ``copies``: what exists of each operand
    afterwards.  ``made``: the layout in which the result is kept (``way.result``, unless it is held).
    """

    way: Way
    cost: Cost
    reads: tuple[tuple[int, int, int], ...]
    copies: State
    made: int


@attrs.frozen(eq=False)
class _Task:
    """A way with what does not depend on where the operands are.

    ``cost``: of the work and of holding the result.  ``needs``: operand positions and layouts.
    """

    way: Way
    cost: Cost
    needs: tuple[tuple[int, int], ...]
    made: int


class Transitions:
    """The transitions of one operator, each worked out once."""

    def __init__(
        self, operator: Operator, candidates: Candidates, supplies: Supplies, gpu: Gpu
    ) -> None:
        self.operator = operator
        self.candidates = candidates
        self.gpu = gpu
        self.layouts = supplies.layouts
        self.result = supplies.of(operator.result, freely=operator.made_freely)
        self.supplies = tuple(
            supplies.of(shape, freely=freely)
            for shape, freely in zip(operator.shapes, operator.freely, strict=True)
        )
        self._same = picker(operator.same)
        self._known: dict[State, tuple[Transition, ...]] = {}
        self._tasks: dict[Way, _Task | None] = {}
        self._times: dict[tuple[tuple[str, int], ...], int] = {}

    def of(self, existing: State) -> tuple[Transition, ...]:
        """The transitions worth trying from these copies of the operands, cheapest first.

        Left out is what another matches in its result and its copies at no higher cost.
        """
        known = self._known.get(existing)
        if known is None:
            found = self.every(existing)
            left = undominated(found, [(one.made, *one.copies) for one in found])
            known = self._known[existing] = tuple(left)
        return known

    def every(self, existing: State) -> list[Transition]:
        """Every transition, those included that another outdoes, cheapest first."""
        copies = tuple(self.layouts.of(number) for number in existing)
        tried = (self._go(way, existing) for way in self.candidates.of(copies))
        found = [transition for transition in tried if transition is not None]
        return sorted(found, key=lambda transition: transition.cost)

    def largest_block(self, transition: Transition) -> int:
        """Bytes of the largest block that one GPU has before or after it."""
        way = self.layouts.bit(transition.way.result)
        numbers = self.operator.numbers
        blocks = [self.result.largest_block(made) for made in (way, transition.made)]
        blocks += [
            supply.largest_block(copies)
            for supply, copies, number in zip(
                self.supplies, transition.copies, numbers, strict=True
            )
            if not number
        ]
        return max(blocks)

    def picoseconds(self, way: Way) -> int:
        """Time of the local work of one way on one GPU."""
        if way.ways not in self._times:
            sizes = self.operator.sizes
            local = {factor: sizes[factor] // ways for factor, ways in way.ways}
            price = operator_price(self.operator.on_gpu(local), self.gpu)
            self._times[way.ways] = price.picoseconds
        return self._times[way.ways]

    @cached_property
    def least_picoseconds(self) -> int:
        """Less time than any way can take: all the work, shared by all GPUs."""
        devices = self.candidates.mesh.devices
        return least_picoseconds(self.operator.on_gpu(self.operator.sizes), self.gpu, devices)

    def _task(self, way: Way) -> _Task | None:
        if way not in self._tasks:
            self._tasks[way] = self._prepare(way)
        return self._tasks[way]

    def _prepare(self, way: Way) -> _Task | None:
        """None where the plan holds the result in a layout that cannot be had from this way's."""
        operator = self.operator
        cost: Cost = (0, self.picoseconds(way), int(departs(way.result, operator.planned)), 0)
        made = self.layouts.bit(way.result)
        if operator.exact:
            planned = self.layouts.bit(operator.planned)
            held = self.result.reach(made, planned)
            if held is None:
                return None
            cost, made = add(cost, held.cost), planned
        needs = tuple(
            (position, self.layouts.bit(layout))
            for position, layout in enumerate(way.operands)
            if not operator.numbers[position]
        )
        return _Task(way, cost, needs, made)

    def _go(self, way: Way, existing: State) -> Transition | None:
        task, operator = self._task(way), self.operator
        if task is None:
            return None
        cost, there = task.cost, list(existing)
        reads: list[tuple[int, int, int]] = []
        for position, target in task.needs:
            first = operator.same[position]
            if there[first] & target:
                reads.append((position, target, target))
                continue
            reach = self.supplies[position].reach(there[first], target)
            if reach is None or position in operator.unmoved:
                return None
            cost = add(cost, reach.cost)
            reads.append((position, reach.source, target))
            there[first] = reach.copies
        return Transition(way, cost, tuple(reads), self._same(there), task.made)


def departs(layout: Layout, planned: Layout) -> bool:
    """Whether an atom was put on a dimension on which the plan does not have it."""
    return any(atom not in planned.atoms_of(dim) for dim, atoms in layout.split for atom in atoms)
