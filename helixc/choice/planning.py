"""Planned layouts: what a plan says about every value, from dimension names alone.

No propagation along edges is needed; that is the gain of named dimensions.  First the axes are cut into
atoms, the coarsest pieces that the splits ask for; then every value's lines are applied in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.choice.cutting import cut_axes
from helixc.choice.difference import Freely
from helixc.choice.places import Coverage
from helixc.choice.storing import Stored, StoreLine, Storing, add_store_line
from helixc.choice.verdicts import judge_lines
from helixc.choice.waterfall import (
    Claims,
    Holder,
    Outcome,
    apply_line,
    leaves_weights_whole,
    order_leaves,
)
from helixc.diagnostics import Findings
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Carried, Logical, Op, Repeat, walk
from helixc.ir.mesh import Mesh
from helixc.ir.ops import OPS, Fused
from helixc.ir.plan import PartialOver, Replicate, Shard
from helixc.ir.rules import factors
from helixc.ir.tensor import NUMBER, TensorType


@attrs.frozen
class Planning:
    """The mesh cut into atoms, every value's planned layout, and who asked for it.

    ``layouts``: of a weight the one at rest; ``weights`` has both of its layouts.  ``filled``: what is
    kept, after something was put into it.  ``exact``: values named by a block of their own; they are held in their planned layout and no
    other.  ``holders``: for a value and an atom, the line that holds it.
    """

    mesh: Mesh
    layouts: Mapping[str, Layout]
    exact: frozenset[str]
    holders: Mapping[tuple[str, str], Holder]
    coverage: Coverage
    weights: Mapping[str, Stored]
    filled: frozenset[str]

    def freely(self, value: str) -> Freely:
        """The atoms over which a value may be gathered unasked."""
        if value in self.weights:
            return self.weights[value].atoms
        return () if value in self.filled else None

    def used(self, value: str) -> Layout:
        """The layout in which a value is read where nothing departs from the plan."""
        return self.weights[value].in_use if value in self.weights else self.layouts[value]


def plan_layouts(program: Logical, findings: Findings, mesh: Mesh | None = None) -> Planning:
    """The planned layout of every value; findings about the plan's lines are recorded.

    ``mesh``: the mesh of the plan with its axes cut, where that is known already.
    """
    return Planner(program).run(findings, mesh)


def operand_types(op: Op, types: Mapping[str, TensorType]) -> tuple[TensorType, ...]:
    """Types of an operator's operands; a number has no dimensions."""
    return tuple(types[o] if isinstance(o, str) else NUMBER for o in op.operands)


def whole_dims(program: Logical) -> frozenset[str]:
    """Dimensions that some operator cannot leave split, however it is rewritten."""
    found: set[str] = set()
    for op in walk(program.body):
        if isinstance(op, Op) and OPS[op.kind].whole and not OPS[op.kind].expands:
            rule = factors(op.kind, operand_types(op, program.types), op.type, op.over, op.params)
            found.update(factor.name for factor in rule if factor.tag == "whole")
    return frozenset(found)


@attrs.frozen
class Subject:
    """A value that lines apply to; ``op`` makes it, unless it is carried.

    ``blocks``: those whose splits apply to it.  ``stores``: the ``store`` lines that do.
    """

    names: tuple[str, ...]
    dims: tuple[str, ...]
    blocks: tuple[int, ...]
    named: bool
    op: Op | None = None
    stores: tuple[StoreLine, ...] = ()


class Planner:
    """Applies the lines of a plan to every value of a program; ``outcomes`` are by block and line.

    A planner serves one mesh.
    """

    def __init__(self, program: Logical) -> None:
        self.program = program
        self.coverage = Coverage(program)
        self.whole = whole_dims(program)
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self.memo: dict[tuple[tuple[str, ...], tuple[int, ...]], Claims] = {}

    def run(self, findings: Findings, mesh: Mesh | None = None) -> Planning:
        """Every value's planned layout; findings about the plan's lines are recorded."""
        subjects = list(self.subjects())
        if mesh is None:
            asked = [(subject.dims, subject.blocks) for subject in subjects]
            mesh = cut_axes(self.program, asked, self.whole, findings)
        layouts: dict[str, Layout] = {}
        holders: dict[tuple[str, str], Holder] = {}
        weights: dict[str, Stored] = {}
        storing = Storing(self.program, mesh, self.outcomes, findings)
        for subject in subjects:
            claims = self._claims(subject, mesh)
            layout, held = claims.layout(mesh) if claims.holder else WHOLE, claims.holder
            if subject.op is not None and subject.op.result in self.program.stored:
                stored = storing.store(subject.op, layout, subject.stores)
                weights[subject.op.result] = stored
                layout, held = stored.at_rest, {**held, **stored.holders}
            for name in subject.names:
                layouts[name] = layout
                holders.update(((name, atom), line) for atom, line in held.items())
        exact = frozenset(name for subject in subjects if subject.named for name in subject.names)
        judge_lines(self.program, mesh, self.outcomes, findings)
        filled = frozenset(self.program.guarded) - frozenset(weights)
        return Planning(mesh, layouts, exact, holders, self.coverage, weights, filled)

    def subjects(self) -> Iterator[Subject]:
        """The values of the program, those of one carried value together."""
        for statement in walk(self.program.body):
            values: Sequence[Op | Carried]
            values = statement.carried if isinstance(statement, Repeat) else (statement,)
            for value in values:
                blocks = self.coverage.of_value(value)
                named = self._laid_out(self.coverage.of_names(value.names))
                if isinstance(value, Carried):
                    yield Subject((value.entry, value.result), value.type.dims, blocks, named)
                    continue
                self._reached(value)
                stores: tuple[StoreLine, ...] = ()
                if OPS[value.kind].kept == "weight":
                    stores = self._stores(blocks)
                    blocks = tuple(b for b in blocks if not self._keeps(b))
                yield Subject((value.result,), value.type.dims, blocks, named, value, stores)

    def _stores(self, blocks: Sequence[int]) -> tuple[StoreLine, ...]:
        """The ``store`` lines of some blocks that nothing takes back."""
        found: list[StoreLine] = []
        for index in blocks:
            for number, line in enumerate(self.program.plan.blocks[index].lines):
                add_store_line(found, line, (index, number))
        return tuple(found)

    def _reached(self, op: Op) -> None:
        """Note which ``via`` lines speak of a dimension that this operator contracts.

        A kernel keeps its values inside, so any line about what it reads may lead its ways.
        """
        kernel = isinstance(op.params, Fused)
        dims = self._read_dims(op) if kernel else frozenset(op.over)
        for index in self.coverage.of_operator(op) if dims else ():
            for number, line in enumerate(self.program.plan.blocks[index].lines):
                if not isinstance(line, Shard) or not (line.via or kernel):
                    continue
                if any(leaf in dims for ref in line.dims for leaf in ref.leaves):
                    self.outcomes.setdefault((index, number), Outcome()).contracted = True

    def _read_dims(self, op: Op) -> frozenset[str]:
        return frozenset(dim for name in op.reads for dim in self.program.types[name].dims)

    def _laid_out(self, blocks: Sequence[int]) -> bool:
        kinds = Shard | Replicate | PartialOver
        lines = (line for b in blocks for line in self.program.plan.blocks[b].lines)
        return any(isinstance(line, kinds) and not getattr(line, "via", "") for line in lines)

    def _keeps(self, block: int) -> bool:
        return leaves_weights_whole(self.program.plan.blocks[block].lines)

    def _claims(self, subject: Subject, mesh: Mesh) -> Claims:
        key = (subject.dims, subject.blocks)
        if key not in self.memo:
            self.memo[key] = self._apply(subject, mesh)
        return self.memo[key]

    def _apply(self, subject: Subject, mesh: Mesh) -> Claims:
        claims = Claims()
        met: list[tuple[tuple[int, int], Shard]] = []
        for index in subject.blocks:
            for number, line in enumerate(self.program.plan.blocks[index].lines):
                taken = apply_line(claims, line, subject.dims, self.program.sizes, mesh, self.whole)
                if isinstance(line, Shard):
                    outcome = self.outcomes.setdefault((index, number), Outcome())
                    if order_leaves(line, subject.dims, self.whole):
                        outcome.met = True
                        met.append(((index, number), line))
                    outcome.taken.update(taken)
        final = claims.layout(mesh).used
        claims.holder = {atom: line for atom, line in claims.holder.items() if atom in final}
        for key, line in met:
            held = [a for a, holder in claims.holder.items() if holder is line]
            self.outcomes[key].held |= bool(held)
            if not held:
                beaten = [h for h in claims.holder.values() if set(h.axes) & set(line.axes)]
                self.outcomes[key].beaten_by = beaten[0] if beaten else None
        return claims
