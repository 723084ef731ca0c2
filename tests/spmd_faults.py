"""Faults put into compiled programs, one at a time: what a broken pass might have written.

Every fault keeps the program well formed as far as it can, and changes one statement; the layouts that
statements claim are left as they were, unless the layout is what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    make_layout,
)
from helixc.ir.ops import OPS, Cut, Fused, Number, Op, Renamed
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement, walk

Change = Callable[[SpmdStatement], SpmdStatement]


@attrs.frozen(eq=False)
class Fault:
    """One faulty program: the kind of fault, the value and the statement before, and the program."""

    kind: str
    value: str
    statement: SpmdStatement
    program: Spmd


def faults(program: Spmd) -> Iterator[Fault]:
    """Every fault of every kind, one program each."""
    for statement in walk(program.body):
        if isinstance(statement, Move):
            found = _move_faults(statement, program)
        elif isinstance(statement, Compute):
            found = _compute_faults(statement, program)
        else:
            continue
        for kind, faulty in found:
            if faulty != statement:
                spoiled = _with(program, statement.result, faulty)
                yield Fault(kind, statement.result, statement, spoiled)


def _with(program: Spmd, result: str, faulty: SpmdStatement) -> Spmd:
    return attrs.evolve(program, body=_replaced(program.body, result, faulty))


def _replaced(
    body: tuple[SpmdStatement, ...], result: str, faulty: SpmdStatement
) -> tuple[SpmdStatement, ...]:
    written: list[SpmdStatement] = []
    for statement in body:
        if isinstance(statement, Loop):
            inner = _replaced(statement.body, result, faulty)
            written.append(attrs.evolve(statement, body=inner))
        else:
            written.append(faulty if statement.result == result else statement)
    return tuple(written)


# --- collectives and local steps


def _move_faults(move: Move, program: Spmd) -> Iterator[tuple[str, Move]]:
    step, dims = move.step, move.type.dims
    yield "drop a step", attrs.evolve(move, step=_nothing(move))
    for other in _same_value(move, program):
        yield "read another copy", attrs.evolve(move, source=other)
    if isinstance(step, Permute):
        for layout in _turned(step.layout):
            yield "permute into another layout", attrs.evolve(move, step=Permute(layout))
        return
    atoms = step.atoms
    if len(atoms) > 1:
        yield "reorder the axes of a step", _over(move, tuple(reversed(atoms)))
        yield "leave out an axis", _over(move, atoms[1:])
    for other in _other_axes(atoms, program):
        yield "group along another axis", _over(move, other)
    for changed in _other_dims(step, dims):
        yield "step on another dimension", attrs.evolve(move, step=changed)
    for changed in _other_kinds(step, dims):
        yield "another kind of step", attrs.evolve(move, step=changed)
    before = program.layouts[move.source]
    if before.partial:
        kind = "max" if before.kind == "sum" else "sum"
        layout = make_layout(dict(move.layout.split), move.layout.partial, kind)
        yield "claim another layout", attrs.evolve(move, layout=layout)
    for layout in _turned(move.layout):
        yield "claim another layout", attrs.evolve(move, layout=layout)


def _nothing(move: Move) -> Step:
    """A step that moves nothing: a gather along no axis."""
    return AllGather(move.type.dims[0] if move.type.dims else "", ())


def _over(move: Move, atoms: tuple[str, ...]) -> Move:
    return attrs.evolve(move, step=attrs.evolve(move.step, atoms=atoms))


def _other_axes(atoms: tuple[str, ...], program: Spmd) -> Iterator[tuple[str, ...]]:
    ways = program.mesh.ways(atoms)
    for atom in program.mesh.atoms:
        if atom.name not in atoms and atom.size == ways and ways > 1:
            yield (atom.name,)


def _other_dims(step: Step, dims: tuple[str, ...]) -> Iterator[Step]:
    for dim in dims:
        if isinstance(step, Slice | AllGather | ReduceScatter) and dim != step.dim:
            yield attrs.evolve(step, dim=dim)
        if isinstance(step, AllToAll) and dim not in (step.source, step.target):
            yield attrs.evolve(step, target=dim)
            yield attrs.evolve(step, source=dim)


def _other_kinds(step: Step, dims: tuple[str, ...]) -> Iterator[Step]:
    match step:
        case AllReduce():
            yield Seed(step.atoms)
            yield from (ReduceScatter(dim, step.atoms) for dim in dims[:1])
        case ReduceScatter():
            yield AllReduce(step.atoms)
            yield Slice(step.dim, step.atoms)
        case AllGather():
            yield AllReduce(step.atoms)
        case AllToAll():
            yield AllGather(step.source, step.atoms)
            yield AllToAll(step.target, step.source, step.atoms)
        case Slice():
            yield ReduceScatter(step.dim, step.atoms)
        case _:
            pass


def _turned(layout: Layout) -> Iterator[Layout]:
    """Layouts that differ in the order of one tuple, or lack one dimension's split."""
    split = dict(layout.split)
    for dim, atoms in layout.split:
        if len(atoms) > 1:
            turned = {**split, dim: tuple(reversed(atoms))}
            yield make_layout(turned, layout.partial, layout.kind)
        less = {other: held for other, held in split.items() if other != dim}
        yield make_layout(less, layout.partial, layout.kind)


def _same_value(statement: Move, program: Spmd) -> Iterator[str]:
    """Other values, known before, with the type and the layout of what is read."""
    yield from _alike(statement.source, statement.result, program)


def _alike(value: str, before: str, program: Spmd) -> Iterator[str]:
    for other in program.layouts:
        if other == before:
            return
        same_dims = set(program.types[other].dims) == set(program.types[value].dims)
        if other != value and same_dims and program.layouts[other] == program.layouts[value]:
            yield other


# --- operators


def _compute_faults(compute: Compute, program: Spmd) -> Iterator[tuple[str, Compute]]:
    op = compute.op
    for layout in _turned(compute.layout):
        yield "claim another layout", attrs.evolve(compute, layout=layout)
    if OPS[op.kind].work == "source":
        return
    for position, operand in enumerate(op.operands):
        others = _alike(operand, op.result, program) if isinstance(operand, str) else ()
        for other in list(others)[-2:]:
            read = _reading(op, position, other)
            yield "read another value", attrs.evolve(compute, op=read)
    for kind, faulty in _op_faults(op):
        yield kind, attrs.evolve(compute, op=faulty)


def _op_faults(op: Op) -> Iterator[tuple[str, Op]]:
    """Faults of an operator, wherever it lies."""
    row = OPS[op.kind]
    for kind in _other_operators(op.kind):
        yield "another operator", attrs.evolve(op, kind=kind)
    for position, operand in enumerate(op.operands):
        if isinstance(operand, Number):
            yield "another number", _reading(op, position, Number(operand.value * 2 + 1))
    if len(op.operands) > 1 and row.kind not in ("add", "mul", "matmul", "outer"):
        yield "swap the operands", attrs.evolve(op, operands=tuple(reversed(op.operands)))
    if isinstance(op.params, Cut):
        start = op.params.start - 1 if op.params.start else 1
        yield "cut elsewhere", attrs.evolve(op, params=attrs.evolve(op.params, start=start))
    for other in [d for d in op.type.dims if d not in op.over][:1] if row.expands else []:
        over = (*op.over[1:], other)
        yield "work over another dimension", attrs.evolve(op, over=over)
    if isinstance(op.params, Fused):
        for kind, inside in _kernel_faults(op.params):
            yield f"inside a kernel: {kind}", attrs.evolve(op, params=inside)


def _kernel_faults(fused: Fused) -> Iterator[tuple[str, Fused]]:
    """Faults of the members; one that keeps the dimensions of what it reads may be left out too."""
    dims = {member.result: set(member.type.dims) for member in fused.body}
    for position, member in enumerate(fused.body):
        found = [*_op_faults(member)]
        found += [
            (
                "leave out a member",
                attrs.evolve(member, kind="rename", operands=(read,), over=(), params=Renamed(())),
            )
            for read in member.reads
            if dims.get(read) == set(member.type.dims)
        ]
        for kind, faulty in found:
            body = (*fused.body[:position], faulty, *fused.body[position + 1 :])
            yield kind, Fused(fused.inputs, body)


def _reading(op: Op, position: int, operand: str | Number) -> Op:
    operands = list(op.operands)
    operands[position] = operand
    return attrs.evolve(op, operands=tuple(operands))


_OTHERS = (
    ("add", "sub"), ("mul", "div"), ("sum", "mean"), ("max", "min"), ("gelu", "gelu_tanh"),
    ("softmax", "log_softmax"), ("layer_norm", "rms_norm"), ("exp", "tanh"), ("relu", "silu"),
    ("lt", "le"), ("sqrt", "rsqrt"), ("minimum", "maximum"),
)  # fmt: skip


def _other_operators(kind: str) -> Iterator[str]:
    for one, other in _OTHERS:
        if kind == one:
            yield other
        if kind == other:
            yield one
