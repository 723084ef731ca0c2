"""One operator as the choice sees it: its factor rule, what the plan says here, and its prices.

``named`` are the dimensions that the innermost scope claiming an atom names: the departures that may be
tried.  ``forced`` is what a ``via`` line leaves of the candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.choice.planning import Planning, operand_types
from helixc.choice.ways import OUT, Choice, Setting, Way, candidate_ways, follows
from helixc.ir.hardware import Gpu
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import OPS, Factor, factors
from helixc.ir.plan import Block, Line, Shard, Strict
from helixc.ir.tensor import TensorType
from helixc.price.compute import compute_picoseconds, local_work

Homes = tuple[tuple[Layout, ...], ...]
# Into how many parts each factor is split.
Split = tuple[tuple[str, int], ...]


@attrs.define(slots=False)
class Operator:
    """An operator, its rule and what the plan says about it; remembers its ways and their prices."""

    op: Op
    rule: tuple[Factor, ...]
    types: tuple[TensorType, ...]
    planned: Layout
    numbers: tuple[bool, ...]
    named: Mapping[str, tuple[str, ...]]
    forced: Mapping[str, tuple[Choice, ...]]
    held: tuple[str, ...]
    stored: tuple[bool, ...]
    planning: Planning
    sizes: Mapping[str, int]
    gpu: Gpu
    _ways: dict[Homes, tuple[Way, ...]] = attrs.Factory(dict[Homes, tuple[Way, ...]])
    _times: dict[Split, int] = attrs.Factory(dict[Split, int])

    def ways(self, copies: Homes) -> tuple[Way, ...]:
        """The ways worth trying when copies of the operands exist in these layouts."""
        if copies not in self._ways:
            self._ways[copies] = self._find(copies)
        return self._ways[copies]

    def _find(self, copies: Homes) -> tuple[Way, ...]:
        row = OPS[self.op.kind]
        if row.arity == 0:
            layouts = [self.planned]
            if row.work == "free" and self.planned != WHOLE:
                layouts.append(WHOLE)  # made locally, so it can as well be made whole
            return tuple(self._source(layout) for layout in layouts)
        homes = tuple(
            self.planning.layouts[operand] if isinstance(operand, str) else WHOLE
            for operand in self.op.operands
        )
        setting = Setting(
            row=row,
            rule=self.rule,
            planned=self.planned,
            homes=homes,
            departed=self._departed(homes, copies),
            copies=copies,
            numbers=self.numbers,
            stored=self.stored,
            named=self.named,
            forced=self.forced,
            follows=follows(row, self.rule),
        )
        return candidate_ways(setting, self.planning.mesh, self.sizes)

    def _departed(self, homes: tuple[Layout, ...], copies: Homes) -> Homes:
        """For each operand where it is instead, if no copy is split as planned."""
        return tuple(
            () if any(layout.split == home.split for layout in existing) else existing
            for home, existing in zip(homes, copies, strict=True)
        )

    def _source(self, layout: Layout) -> Way:
        """The way of a value that is simply there: in its layout at rest."""
        assignment = tuple((atom, dim) for dim, atoms in layout.split for atom in atoms)
        ways = tuple((f.name, self.planning.mesh.ways(layout.atoms_of(f.name))) for f in self.rule)
        return Way(assignment, (), layout, ways)

    def picoseconds(self, way: Way) -> int:
        """Time of the local work of one way on one GPU."""
        if way.ways not in self._times:
            split = dict(way.ways)
            local = {f.name: self.sizes[_dim(f)] // split[f.name] for f in self.rule}
            work = local_work(self.op.kind, self.types, self.op.type, self.rule, local)
            dense = OPS[self.op.kind].work == "matmul"
            time = compute_picoseconds(work, self.op.type.dtype, self.gpu, dense=dense)
            self._times[way.ways] = time
        return self._times[way.ways]


def _dim(factor: Factor) -> str:
    return factor.result or next(dim for dim in factor.operands if dim is not None)


def operator_of(op: Op, program: Logical, planning: Planning) -> Operator:
    """Everything the choice needs to know about one operator."""
    types = operand_types(op, program.types)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    view = _PlanView(op, rule, program, planning)
    forced, held = view.forced()
    return Operator(
        op=op,
        rule=rule,
        types=types,
        planned=planning.layouts[op.result],
        numbers=tuple(not isinstance(operand, str) for operand in op.operands),
        named=view.named(),
        forced=forced,
        held=held,
        stored=tuple(operand in program.stored for operand in op.operands),
        planning=planning,
        sizes=program.sizes,
        gpu=program.cluster.gpu,
    )


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
