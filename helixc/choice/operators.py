"""One operator as the choice sees it: its factor rule, what the plan says here, and its prices.

``named`` are the dimensions that the innermost scope claiming an atom names: the departures that may be
tried.  ``forced`` is what a ``via`` line leaves of the candidates.  Operators that agree in all of this are
one operator to the choice, however many layers they stand in.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.choice.planning import Planning, operand_types
from helixc.choice.ways import OUT, Choice
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import Factor, factors
from helixc.ir.plan import Block, Line, Shard, Strict
from helixc.ir.tensor import TensorType

Named = tuple[tuple[str, tuple[str, ...]], ...]
Forced = tuple[tuple[str, tuple[Choice, ...]], ...]


@attrs.frozen(kw_only=True, cache_hash=True)
class Operator:
    """What decides the ways of an operator and their prices; no value is named here.

    ``planned``: planned layout of the result, ``homes`` those of the operands.  ``same``: for each
    operand the first position of the same value.  ``exact``: the result is held as planned at once.
    """

    kind: str
    rule: tuple[Factor, ...]
    types: tuple[TensorType, ...]
    type: TensorType
    planned: Layout
    homes: tuple[Layout, ...]
    numbers: tuple[bool, ...]
    stored: tuple[bool, ...]
    same: tuple[int, ...]
    named: Named
    forced: Forced
    exact: bool = False


def operator_of(op: Op, program: Logical, planning: Planning) -> tuple[Operator, tuple[str, ...]]:
    """The operator, and the values that its ``via`` lines hold as planned."""
    types = operand_types(op, program.types)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    view = _PlanView(op, rule, program, planning)
    forced, held = view.forced()
    layouts = planning.layouts
    operator = Operator(
        kind=op.kind,
        rule=rule,
        types=types,
        type=op.type,
        planned=layouts[op.result],
        homes=tuple(layouts[o] if isinstance(o, str) else WHOLE for o in op.operands),
        numbers=tuple(not isinstance(operand, str) for operand in op.operands),
        stored=tuple(operand in program.stored for operand in op.operands),
        same=tuple(op.operands.index(operand) for operand in op.operands),
        named=tuple(view.named().items()),
        forced=tuple(forced.items()),
        exact=op.result in planning.exact,
    )
    return operator, held


class _PlanView:
    """What the plan's blocks say about one operator."""

    def __init__(
        self, op: Op, rule: tuple[Factor, ...], program: Logical, planning: Planning
    ) -> None:
        self.op = op
        self.rule = rule
        self.blocks = program.plan.blocks
        self.mesh = planning.mesh
        self.around = planning.coverage.of_operator(op)
        by_name = planning.coverage.of_names(op.names)
        stored = [program.stored[o] for o in op.reads if o in program.stored]
        reading = [b for weight in stored for b in planning.coverage.of_names(weight.names)]
        self.by_name = (*by_name, *reading)

    def _depth(self, index: int) -> int:
        depth = 0
        while self.blocks[index].parent >= 0:
            index = self.blocks[index].parent
            depth += 1
        return depth

    def _claiming(self, axis: str, around: Sequence[int]) -> list[int]:
        """The innermost blocks around the operator that claim an axis."""
        claiming = [i for i in around if axis in _axes(self.blocks[i])]
        if not claiming:
            return []
        deepest = max(self._depth(i) for i in claiming)
        return [i for i in claiming if self._depth(i) == deepest]

    def _named(self, axis: str, around: Sequence[int]) -> tuple[str, ...]:
        lines = [line for i in self._claiming(axis, around) for line in self.blocks[i].lines]
        leaves = (
            leaf
            for line in lines
            if isinstance(line, Shard)
            for ref in line.dims
            for leaf in ref.leaves
        )
        present = {dim for f in self.rule for dim in (f.name, f.result)}
        return tuple(dict.fromkeys(leaf for leaf in leaves if leaf in present))

    def named(self) -> dict[str, tuple[str, ...]]:
        """For each atom the dimensions to which it may depart."""
        if any(isinstance(line, Strict) for i in self.around for line in self.blocks[i].lines):
            return {}
        axes = {atom.axis for atom in self.mesh.atoms}
        by_axis = {axis: self._named(axis, self.around) for axis in axes}
        return {atom.name: by_axis[atom.axis] for atom in self.mesh.atoms}

    def forced(self) -> tuple[dict[str, tuple[Choice, ...]], tuple[str, ...]]:
        """What ``via`` lines leave to choose, by atom, and the values that they hold as planned."""
        found: dict[str, tuple[Choice, ...]] = {}
        held: list[str] = []
        for index in sorted({*self.around, *self.by_name}):
            for line in self.blocks[index].lines:
                factor = self._forced_factor(line, named=index in self.by_name)
                if not isinstance(line, Shard) or factor is None:
                    continue
                choices = self._choices(line, factor, index)
                atoms = [a for axis in line.axes for a in self.mesh.axis_atoms(axis)]
                found.update((atom, choices) for atom in atoms if choices)
                held += self._held(line, factor) if choices else ()
        return found, tuple(held)

    def _forced_factor(self, line: Line, *, named: bool) -> Factor | None:
        """The factor on which a ``via`` line forces this operator, if it does: never one it needs whole."""
        if not isinstance(line, Shard) or not line.via:
            return None
        leaves = {leaf for ref in line.dims for leaf in ref.leaves}
        for factor in self.rule:
            if factor.tag == "whole":
                continue
            if factor.name in leaves and (factor.result is None or named):
                return factor
        return None

    def _choices(self, line: Shard, factor: Factor, index: int) -> tuple[Choice, ...]:
        contracted = factor.result is None
        split: Choice = ("split", factor.name)
        match line.via:
            case "all_reduce":
                return (split,) if contracted else ()
            case "all_gather":
                return (OUT,) if contracted else (split,)
            case _:
                around = [i for i in self.around if i != index or i not in self.by_name]
                dims = [d for axis in line.axes for d in self._named(axis, around)]
                names = {f.name for f in self.rule if f.tag != "whole"} - {factor.name}
                return tuple(("split", d) for d in dict.fromkeys(dims) if d in names)

    def _held(self, line: Shard, factor: Factor) -> tuple[str, ...]:
        """Values that must stand as planned for the way to be what the line says.

        An exchange of operands starts from operands that have the split; a split that an all-gather
        joins is joined at once.
        """
        if line.via == "all_to_all":
            pairs = zip(self.op.operands, factor.operands, strict=True)
            return tuple(o for o, dim in pairs if isinstance(o, str) and dim is not None)
        if line.via == "all_gather" and factor.result is not None:
            return (self.op.result,)
        return ()


def _axes(block: Block) -> set[str]:
    return {axis for line in block.lines if isinstance(line, Shard) for axis in line.axes}
