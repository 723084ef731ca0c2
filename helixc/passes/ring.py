"""logical -> logical: carry out the ``via ring`` lines of a plan: keys and values go round, queries stay.

Queries and keys that a line splits alike are divided into one block for each GPU.  The attention becomes a
repeat in which every GPU meets the block of keys that it holds, and passes it on to its neighbour: one turn
for each block but the last, which nobody needs any more.  Passing on is a ``roll`` of the dimension of
blocks, so proof, price and overlap follow from the ordinary rules.

It comes after ``fuse``, for a fused attention is one kernel in each turn, and before ``expand``, which would
take a softmax over split keys apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.rings import RingPlan, judge_rings
from helixc.diagnostics import Findings, Note
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.invariants_places import named_places
from helixc.ir.invariants_plan import KERNELS_MADE, RINGS_MADE
from helixc.ir.logical import Carried, Logical, Op, Repeat, Scope, Statement, walk
from helixc.ir.ops import Fused
from helixc.ir.plan import Block, Shard
from helixc.ir.refine import (
    Parts,
    divide,
    divide_op,
    divide_plan,
    divide_scope,
    divide_type,
    tied_leaves,
    without_places,
)
from helixc.ir.ring_pattern import NAME, Ring, RingPattern, softmaxes, take_apart
from helixc.ir.ring_writing import RingWriter
from helixc.ir.tensor import Dim
from helixc.passes.contract import Pass

# The ways of keys that queries meet elsewhere.
_WAYS = ("ring", "all_gather")


def ring(program: Logical) -> Logical:
    """The program with every ``via ring`` line carried out.  Raises ``HelixError`` where one cannot be."""
    asking = [line for line in program.plan.shards if line.via in _WAYS]
    if not asking:
        return program
    findings = Findings()
    planning = plan_layouts(program, Findings())
    rings: dict[str, RingPlan] = {}
    done: list[Shard] = []
    for line in asking:
        if line.via == "ring":
            rings.update((one.softmax, one) for one in _rings(program, planning, line, findings))
            done.append(line)
        elif _gathers_for_kernels(program, planning, line):
            done.append(line)
    findings.stop_on_errors()
    # The program says now what these lines ask for.
    program = attrs.evolve(program, plan=program.plan.with_ways(done, ""))
    if rings:
        program = _without_gone(_written(_divided(program, rings), rings), findings)
    return attrs.evolve(program, notes=(*program.notes, *findings.all))


def _gathers_for_kernels(program: Logical, planning: Planning, line: Shard) -> bool:
    """Whether a line asks for what all kernels that it splits do anyway: to have their keys whole."""
    judged = judge_rings(program, planning, line)
    return bool(judged.rings) and all(one.fused for one in judged.rings)


def _without_gone(program: Logical, findings: Findings) -> Logical:
    """The program whose plan no longer speaks of weights that no ring holds; lost lines are told."""
    blocks: list[Block] = []
    for block in without_places(program.plan, named_places(program)).blocks:
        gone = bool(block.lines) and not block.places
        if gone:
            message = f"`{block.path}` is nothing that a ring holds: these lines do nothing"
            findings.warn("HX0532", message, block.span)
        blocks.append(attrs.evolve(block, lines=()) if gone else block)
    return attrs.evolve(program, plan=attrs.evolve(program.plan, blocks=tuple(blocks)))


def _rings(
    program: Logical, planning: Planning, line: Shard, findings: Findings
) -> tuple[RingPlan, ...]:
    """The rings of a line; what forbids one is recorded."""
    axes = " and ".join(f"`{axis}`" for axis in line.axes)
    if all(axis.size == 1 for axis in program.plan.axes if axis.name in line.axes):
        message = f"`via ring` does nothing: {axes} of size 1 makes no ring"
        findings.warn("HX0536", message, line.span)
        return ()
    judged = judge_rings(program, planning, line)
    names = ", ".join(f"`{ref.name}`" for ref in line.dims)
    notes = [Note(reason.text, reason.span) for reason in judged.refused]
    if notes or not judged.rings:
        what = "an attention that this line splits cannot go round a ring"
        if not notes:
            what = f"no softmax runs over a dimension of {names} that this line splits over {axes}"
        legal = ("shard QUERIES, KEYS over AXIS via ring", "via all_gather, or no `via`")
        findings.error("HX0535", f"`via ring`: {what}", line.span, notes=notes, legal=legal)
    return judged.rings


def _divided(program: Logical, rings: Mapping[str, RingPlan]) -> Logical:
    """The program in which keys and queries of every ring, and all tied to them, are block * inner."""
    parts: dict[str, tuple[str, str]] = {}
    counts: dict[str, int] = {}
    for one in rings.values():
        for leaf in (*tied_leaves(program, one.query), *tied_leaves(program, one.key)):
            parts[leaf] = _parts(leaf)
            counts[leaf] = one.count
    dims = tuple(d for dim in program.dims for d in _divided_dim(dim, parts, counts))
    slices = program.slices
    if slices is not None:
        slices = attrs.evolve(slices, leaves=divide(slices.leaves, parts))
    return attrs.evolve(
        program,
        dims=dims,
        scopes=tuple(divide_scope(scope, parts) for scope in program.scopes),
        body=tuple(_divided_statement(statement, parts) for statement in program.body),
        plan=divide_plan(program.plan, parts),
        slices=slices,
    )


def _parts(leaf: str) -> tuple[str, str]:
    return f"{leaf}.block", f"{leaf}.inner"


def _divided_dim(dim: Dim, parts: Parts, counts: Mapping[str, int]) -> tuple[Dim, ...]:
    if dim.name not in parts:
        return (dim,)
    block, inner = parts[dim.name]
    count = counts[dim.name]
    return Dim(block, count), attrs.evolve(dim, name=inner, size=dim.size // count)


def _divided_statement(statement: Statement, parts: Parts) -> Statement:
    if isinstance(statement, Op):
        return divide_op(statement, parts)
    carried: tuple[Carried, ...] = tuple(
        attrs.evolve(value, type=divide_type(value.type, parts)) for value in statement.carried
    )
    body = tuple(_divided_statement(inner, parts) for inner in statement.body)
    return attrs.evolve(statement, carried=carried, body=body)


class _Writing:
    """Puts rings in the place of attentions; scopes and dimensions grow by what they need."""

    def __init__(self, program: Logical) -> None:
        self.scopes = list(program.scopes)
        self.dims = list(program.dims)
        self.taken = set(program.types)
        self._program = program
        self._names = {value: op.names for value, op in program.makers.items()}

    def write(self, pattern: RingPattern, plan: RingPlan) -> tuple[Statement, ...]:
        """The statements of one ring."""
        made = pattern.found.made
        query, key = _parts(plan.query)[0], _parts(plan.key)[0]
        ring_ = Ring(
            query=query,
            key=key,
            scope=self._scope(made, plan.count - 1),
            count=plan.count,
            packed=f"{made.result}.{NAME}.state",
        )
        program = self._program
        writer = RingWriter(pattern, ring_, program.types, program.sizes, self._names, self.taken)
        if isinstance(made.params, Fused):
            self.dims.append(Dim(ring_.packed, writer.packed_size))
        return writer.statements()

    def _scope(self, made: Op, turns: int) -> int:
        """A scope for the turns, counted behind those of rings that stand there already."""
        beside = [s for s in self.scopes if s.parent == made.scope and s.name == NAME]
        number = len(self.scopes)
        self.scopes.append(
            Scope(
                id=number,
                parent=made.scope,
                kind="repeat",
                name=NAME,
                first=sum(scope.turns for scope in beside),
                turns=turns,
                span=made.span,
            )
        )
        return number


def _written(program: Logical, rings: Mapping[str, RingPlan]) -> Logical:
    """The program with rings in the place of these attentions, its leaves divided."""
    writing = _Writing(program)
    instead: dict[str, tuple[Statement, ...]] = {}
    gone: dict[str, Op] = {}
    for found in softmaxes(program):
        plan = rings.get(found.op.result)
        if plan is None:
            continue
        pattern = take_apart(found, _parts(plan.key)[0], _parts(plan.query)[0])
        instead[plan.result] = writing.write(pattern, plan)
        if found.kernel is None:
            gone.update((op.result, op) for op in pattern.members if op is not pattern.last)
    body = tuple(_replaced(program.body, instead))
    unread = _unread(program, body, gone)
    return attrs.evolve(
        program,
        dims=tuple(writing.dims),
        scopes=tuple(writing.scopes),
        body=tuple(_without(body, unread)),
    )


def _replaced(
    body: tuple[Statement, ...], instead: Mapping[str, tuple[Statement, ...]]
) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, Repeat):
            inner = tuple(_replaced(statement.body, instead))
            yield attrs.evolve(statement, body=inner)
        else:
            yield from instead.get(statement.result, (statement,))


def _unread(
    program: Logical, body: tuple[Statement, ...], gone: Mapping[str, Op]
) -> frozenset[str]:
    """Of some operators of the model those that nothing reads any more but others of them."""
    needed = {output.value for output in program.outputs}
    for statement in walk(body):
        if isinstance(statement, Repeat):
            needed.update(name for c in statement.carried for name in (c.init, c.yields))
        elif statement is not gone.get(statement.result):
            needed.update(statement.reads)
    for op in reversed(tuple(gone.values())):
        if op.result in needed:
            needed.update(op.reads)
    return frozenset(gone.keys() - needed)


def _without(body: tuple[Statement, ...], unread: frozenset[str]) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, Repeat):
            yield attrs.evolve(statement, body=tuple(_without(statement.body, unread)))
        elif statement.result not in unread:
            yield statement


RING = Pass(
    name="ring",
    run=ring,
    source=Logical,
    target=Logical,
    needs=frozenset((*LOGICAL_FACTS, KERNELS_MADE)),
    gives=frozenset((RINGS_MADE,)),
    breaks=frozenset((KERNELS_MADE,)),
)
