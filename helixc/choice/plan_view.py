"""What the plan's blocks say about one operator: where it may depart to, and what ``via`` lines force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from helixc.choice.planning import Planning
from helixc.choice.ways import OUT, Choice
from helixc.ir.logical import Logical, Op
from helixc.ir.plan import Block, Line, Shard, Strict
from helixc.ir.rules import Factor


@attrs.frozen
class Forcing:
    """What ``via`` lines force on an operator.

    ``choices``: what is left for each atom.  ``held``: values that must stand as planned.  ``unmoved``:
    positions of operands that must already lie as needed, since their weights move instead.
    ``lines``: the lines that had an effect, as block and number.
    """

    choices: Mapping[str, tuple[Choice, ...]] = attrs.Factory(dict[str, tuple[Choice, ...]])
    held: tuple[str, ...] = ()
    unmoved: frozenset[int] = frozenset()
    lines: tuple[tuple[int, int], ...] = ()


class PlanView:
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
        self.stored = {o: program.stored[o] for o in op.reads if o in program.stored}
        weights = self.stored.values()
        reading = [b for weight in weights for b in planning.coverage.of_names(weight.names)]
        self.by_name = (*by_name, *reading)
        self.lines = [line for i in self.around for line in self.blocks[i].lines]

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
        """For each atom the dimensions to which it may depart.

        None under ``strict``, but where a line asks for an exchange of weights.
        """
        asked = {
            axis
            for line in self.lines
            if isinstance(line, Shard) and line.via == "weights"
            for axis in line.axes
        }
        return {
            atom.name: self._named(atom.axis, self.around)
            for atom in self.mesh.atoms
            if not is_strict(self.lines) or atom.axis in asked
        }

    def as_planned(self) -> bool:
        """Whether the result is held in its planned layout at once, as ``strict`` has it.

        A plan with ``via`` lines asks for other layouts than it plans: there values stay where these
        lines lead them.
        """
        lines = (line for block in self.blocks for line in block.lines)
        led = any(isinstance(line, Shard) and line.via for line in lines)
        return is_strict(self.lines) and not led

    def forcing(self) -> Forcing:
        """What the ``via`` lines that reach this operator force on it."""
        forcing = Forcing()
        for index in sorted({*self.around, *self.by_name}):
            for number, line in enumerate(self.blocks[index].lines):
                factor = self._forced_factor(line, named=index in self.by_name)
                if isinstance(line, Shard) and factor is not None:
                    choices = self._choices(line, factor, index)
                    if choices:
                        forcing = self._forced(forcing, line, factor, choices, (index, number))
        return forcing

    def _forced(
        self,
        forcing: Forcing,
        line: Shard,
        factor: Factor,
        choices: tuple[Choice, ...],
        key: tuple[int, int],
    ) -> Forcing:
        atoms = [a for axis in line.axes for a in self.mesh.axis_atoms(axis)]
        unmoved = [i for i in self._positions(factor) if self.op.operands[i] not in self.stored]
        return Forcing(
            choices={**forcing.choices, **dict.fromkeys(atoms, choices)},
            held=(*forcing.held, *self._held(line, factor)),
            unmoved=forcing.unmoved.union(unmoved if line.via == "weights" else ()),
            lines=(*forcing.lines, key),
        )

    def _positions(self, factor: Factor) -> tuple[int, ...]:
        """Operands that are values and have the factor."""
        pairs = enumerate(zip(self.op.operands, factor.operands, strict=True))
        return tuple(i for i, (o, dim) in pairs if isinstance(o, str) and dim is not None)

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
            return tuple(str(self.op.operands[i]) for i in self._positions(factor))
        if line.via == "all_gather" and factor.result is not None:
            return (self.op.result,)
        return ()


def is_strict(lines: Iterable[Line]) -> bool:
    """Whether lines that hold somewhere say ``strict``."""
    return any(isinstance(line, Strict) for line in lines)


def _axes(block: Block) -> set[str]:
    return {axis for line in block.lines if isinstance(line, Shard) for axis in line.axes}
