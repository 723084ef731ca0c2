"""Which attentions of a program a plan splits alike along queries and keys, and over which GPUs."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.choice.planning import Planning, plan_layouts
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical
from helixc.ir.plan import Shard
from helixc.ir.ring_pattern import NotARing, Softmax, softmaxes, take_apart


@attrs.frozen
class RingPlan:
    """An attention that may go round a ring: the results of its softmax and of the whole.

    ``key``, ``query``: the leaves that are split alike, outermost over ``count`` GPUs.  ``fused``: it is one
    kernel, which without a ring needs its keys whole.
    """

    softmax: str
    result: str
    key: str
    query: str
    count: int
    fused: bool


@attrs.frozen
class Judged:
    """What a line makes of the attentions that it splits: rings, and why others are none."""

    rings: tuple[RingPlan, ...]
    refused: tuple[NotARing, ...]


def judge_rings(program: Logical, planning: Planning, line: Shard) -> Judged:
    """Every attention along whose keys a line splits something."""
    rings: list[RingPlan] = []
    refused: list[NotARing] = []
    leaves = {leaf for ref in line.dims for leaf in ref.leaves}
    for found in softmaxes(program):
        keys = [leaf for leaf in found.op.over if leaf in leaves]
        if not keys or not _Place(program, planning, line).holds(found):
            continue
        try:
            rings.append(_Place(program, planning, line).ring(found, keys))
        except NotARing as reason:
            refused.append(reason)
    return Judged(tuple(rings), tuple(refused))


@attrs.frozen
class _Place:
    """One line of a plan, and where it has values lie."""

    program: Logical
    planning: Planning
    line: Shard

    @property
    def _atoms(self) -> tuple[str, ...]:
        return tuple(a for axis in self.line.axes for a in self.planning.mesh.axis_atoms(axis))

    def holds(self, found: Softmax) -> bool:
        """Whether the line splits the weights, or what is around them, at all."""
        values = (found.op.result,) if found.kernel is None else found.kernel.reads
        holders = self.planning.holders
        return any(holders.get((v, atom)) is self.line for v in values for atom in self._atoms)

    def ring(self, found: Softmax, keys: list[str]) -> RingPlan:
        """The ring of an attention.  Raises ``NotARing``."""
        made = found.made
        queries = [dim for dim in made.type.dims if self._leading(made.result, dim)]
        if not queries:
            axes = ", ".join(self.line.axes)
            raise NotARing(f"its queries are not split over {axes}, outermost", made.span)
        query = queries[0]
        padded = {dim.name for dim in self.program.dims if dim.real is not None}
        if not padded.isdisjoint((query, *found.op.over)):
            raise NotARing("its queries or keys are padded", made.span)
        atoms = self._leading(made.result, query)
        for key in keys:
            pattern = take_apart(found, key, query)
            moving = [self._outside(found, name) for name in pattern.moving]
            held = [self.planning.layouts[name].atoms_of(key)[: len(atoms)] for name in moving]
            if moving and all(own == atoms for own in held):
                count = self.planning.mesh.ways(atoms)
                fused = found.kernel is not None
                return RingPlan(found.op.result, made.result, key, query, count, fused)
        over = "*".join(atoms)
        text = f"its keys are not split like its queries (`{query}` over {over}, outermost)"
        raise NotARing(text, made.span)

    def _leading(self, value: str, dim: str) -> tuple[str, ...]:
        """The outermost atoms of a dimension, as far as they are the line's."""
        held = self.planning.layouts[value].atoms_of(dim)
        return tuple(self._run(held))

    def _run(self, held: tuple[str, ...]) -> Iterator[str]:
        for atom in held:
            if atom not in self._atoms:
                return
            yield atom

    def _outside(self, found: Softmax, name: str) -> str:
        if found.kernel is None:
            return name
        return dict(zip(found.read, found.kernel.reads, strict=True))[name]


def open_lines(program: Logical) -> tuple[Shard, ...]:
    """The lines that could be carried out as rings and leave it open."""
    lines = [line for line in program.plan.shards if not line.via]
    keys = {leaf for found in softmaxes(program) if _sums(found) for leaf in found.op.over}
    lines = [line for line in lines if _meets(line, keys)]
    findings = Findings()
    planning = plan_layouts(program, findings) if lines else None
    if planning is None or findings.errors:
        return ()
    judged = [(line, judge_rings(program, planning, line)) for line in lines]
    return tuple(line for line, one in judged if one.rings and not one.refused)


def may_ring(program: Logical) -> bool:
    """Whether some line could be a ring, wherever it comes to lie."""
    keys = {leaf for found in softmaxes(program) if _sums(found) for leaf in found.op.over}
    return any(_meets(line, keys) for line in program.plan.shards)


def _meets(line: Shard, keys: set[str]) -> bool:
    """Whether a line splits keys, and something else."""
    leaves = {leaf for ref in line.dims for leaf in ref.leaves}
    return not keys.isdisjoint(leaves) and bool(leaves - keys)


def _sums(found: Softmax) -> bool:
    """Whether a softmax weighs values at all."""
    try:
        return bool(found.last.over)
    except NotARing:
        return False
