"""What the plan's blocks say about one operator: where it may depart to, and what ``via`` lines force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TypeGuard

import attrs

from helixc.choice.planning import Planning, whole_dims
from helixc.choice.waterfall import Claims, apply_shard, order_leaves
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
    """What the plan's blocks say, for each set of blocks that is around some operator."""

    def __init__(self, program: Logical, planning: Planning) -> None:
        self.program = program
        self.blocks = program.plan.blocks
        self.stored = program.stored
        self.mesh = planning.mesh
        self.coverage = planning.coverage
        self.forcing = {i for i, block in enumerate(self.blocks) if any(map(_forces, block.lines))}
        self._strict: dict[tuple[int, ...], bool] = {}
        self._claimed: dict[tuple[str, tuple[int, ...]], tuple[str, ...]] = {}
        self._departures: dict[tuple[int, ...], tuple[tuple[str, tuple[str, ...]], ...]] = {}

    def at(self, op: Op, rule: tuple[Factor, ...]) -> OperatorView:
        """What the plan says about one operator."""
        return OperatorView(self, op, rule)

    @cached_property
    def whole(self) -> frozenset[str]:
        """Dimensions that some operator needs whole."""
        return whole_dims(self.program)

    def taken(self, line: Shard, dims: Sequence[str]) -> Mapping[str, list[str]]:
        """The atoms of a line by the dimension, of those that it speaks of, that takes them first."""
        leaves = order_leaves(line, dims, self.whole)
        claims = Claims()
        apply_shard(claims, line, leaves, self.program.sizes, self.mesh)
        rest = [a for x in line.axes for a in self.mesh.axis_atoms(x) if a not in claims.holder]
        for leaf in leaves[:1]:
            claims.split.setdefault(leaf, []).extend(rest)
        return {leaf: atoms for leaf, atoms in claims.split.items() if atoms}

    def claimed(self, axis: str, around: tuple[int, ...]) -> tuple[str, ...]:
        """The dimensions that the innermost of these blocks that claim an axis speak of."""
        key = (axis, around)
        if key not in self._claimed:
            lines = [line for i in self._claiming(axis, around) for line in self.blocks[i].lines]
            refs = [ref for line in lines if isinstance(line, Shard) for ref in line.dims]
            self._claimed[key] = tuple(dict.fromkeys(leaf for ref in refs for leaf in ref.leaves))
        return self._claimed[key]

    def _claiming(self, axis: str, around: Sequence[int]) -> list[int]:
        claiming = [i for i in around if axis in _axes(self.blocks[i])]
        deepest = max(map(self._depth, claiming), default=0)
        return [i for i in claiming if self._depth(i) == deepest]

    def _depth(self, index: int) -> int:
        depth = 0
        while self.blocks[index].parent >= 0:
            index = self.blocks[index].parent
            depth += 1
        return depth

    def strict(self, around: tuple[int, ...]) -> bool:
        """Whether one of these blocks says ``strict``."""
        if around not in self._strict:
            lines = (line for i in around for line in self.blocks[i].lines)
            self._strict[around] = any(isinstance(line, Strict) for line in lines)
        return self._strict[around]

    def departures(self, around: tuple[int, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """For each atom the dimensions to which an operator in these blocks may depart.

        None under ``strict``, but where a line asks for an exchange of weights.
        """
        if around not in self._departures:
            lines = [line for i in around for line in self.blocks[i].lines]
            weights = [x for x in lines if isinstance(x, Shard) and x.via == "weights"]
            asked = {axis for line in weights for axis in line.axes}
            strict = self.strict(around)
            self._departures[around] = tuple(
                (atom.name, self.claimed(atom.axis, around))
                for atom in self.mesh.atoms
                if not strict or atom.axis in asked
            )
        return self._departures[around]


class OperatorView:
    """What the plan's blocks say about one operator."""

    def __init__(self, plan: PlanView, op: Op, rule: tuple[Factor, ...]) -> None:
        self.plan = plan
        self.op = op
        self.rule = rule
        self.around = plan.coverage.of_operator(op)
        by_name = plan.coverage.of_names(op.names)
        self.stored = {o: plan.stored[o] for o in op.reads if o in plan.stored}
        weights = self.stored.values()
        reading = [b for weight in weights for b in plan.coverage.of_names(weight.names)]
        self.by_name = (*by_name, *reading)

    def named(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """For each atom that may depart the factors to which it may, those of a result's dimension too."""
        factors = {f.name: f.name for f in self.rule}
        by_result = {f.result: f.name for f in self.rule if f.result is not None}
        for atom, dims in self.plan.departures(self.around):
            found = (known.get(dim) for dim in dims for known in (factors, by_result))
            yield atom, tuple(dict.fromkeys(name for name in found if name is not None))

    def as_planned(self) -> bool:
        """Whether the result is held in its planned layout at once, as ``strict`` has it.

        A plan with ``via`` lines asks for other layouts than it plans: there values stay where these
        lines lead them.
        """
        return self.plan.strict(self.around) and not self.plan.forcing

    def forcing(self) -> Forcing:
        """What the ``via`` lines that reach this operator force on it."""
        forcing = Forcing()
        for index in sorted({*self.around, *self.by_name} & self.plan.forcing):
            for number, line in enumerate(self.plan.blocks[index].lines):
                if not _forces(line):
                    continue
                for factor, atoms in self._forced_factors(line, named=index in self.by_name):
                    choices = dict.fromkeys(atoms, self._choices(line, factor, index))
                    if all(choices.values()):
                        forcing = self._forced(forcing, line, factor, choices, (index, number))
        return forcing

    def _forced(
        self,
        forcing: Forcing,
        line: Shard,
        factor: Factor,
        choices: Mapping[str, tuple[Choice, ...]],
        key: tuple[int, int],
    ) -> Forcing:
        unmoved = [i for i in self._positions(factor) if self.op.operands[i] not in self.stored]
        return Forcing(
            choices={**forcing.choices, **choices},
            held=(*forcing.held, *self._held(line, factor)),
            unmoved=forcing.unmoved.union(unmoved if line.via == "weights" else ()),
            lines=(*forcing.lines, key),
        )

    def _positions(self, factor: Factor) -> tuple[int, ...]:
        """Operands that are values and have the factor."""
        pairs = enumerate(zip(self.op.operands, factor.operands, strict=True))
        return tuple(i for i, (o, dim) in pairs if isinstance(o, str) and dim is not None)

    def _forced_factors(self, line: Shard, *, named: bool) -> list[tuple[Factor, list[str]]]:
        """The factors on which a ``via`` line forces this operator, never one it needs whole, and atoms."""
        leaves = {leaf for ref in line.dims for leaf in ref.leaves}
        found = [f for f in self.rule if f.tag != "whole" and f.name in leaves]
        usable = {f.name: f for f in found if f.result is None or named}
        contracted = [name for name, factor in usable.items() if factor.result is None]
        atoms = self.plan.taken(line, contracted or [*usable])
        return [(usable[name], atoms[name]) for name in atoms]

    def _choices(self, line: Shard, factor: Factor, index: int) -> tuple[Choice, ...]:
        contracted = factor.result is None
        split: Choice = ("split", factor.name)
        match line.via:
            case "all_reduce":
                return (split,) if contracted else ()
            case "all_gather":
                return (OUT,) if contracted else (split,)
            case _:
                around = tuple(i for i in self.around if i != index or i not in self.by_name)
                dims = [d for axis in line.axes for d in self.plan.claimed(axis, around)]
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


def _forces(line: Line) -> TypeGuard[Shard]:
    return isinstance(line, Shard) and bool(line.via)


def _axes(block: Block) -> set[str]:
    return {axis for line in block.lines if isinstance(line, Shard) for axis in line.axes}
