"""Any level below the source as text that reads back to the same value.

One statement per line, with all that it means; only spans are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
)
from helixc.ir.logical import Carried, Logical, Op, Output, Repeat, Statement
from helixc.ir.ops import (
    Cast,
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Norm,
    Number,
    Operand,
    Position,
    Renamed,
    Rolled,
    Routed,
)
from helixc.ir.plan import Place
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Reshard, Spmd, SpmdStatement, Why
from helixc.text.dump_header import header_lines, mesh_line
from helixc.text.dump_words import (
    quote,
    show_layout,
    show_list,
    show_name,
    show_names,
    show_number,
    show_partial,
    show_place,
    show_product,
    show_type,
    show_value,
)

VERSION = 1


def print_logical(program: Logical) -> str:
    """A program of the logical level as text."""
    lines = [f"helixc {VERSION} logical", *header_lines(program)]
    lines += _logical_lines(program.body)
    return "\n".join([*lines, *_output_lines(program.outputs)]) + "\n"


def print_spmd(program: Spmd) -> str:
    """A program of the SPMD level as text."""
    return "\n".join([f"helixc {VERSION} spmd", *spmd_lines(program)]) + "\n"


def spmd_lines(program: Spmd) -> Iterator[str]:
    """The lines of an SPMD program after the first, which names the level."""
    yield from header_lines(program)
    yield mesh_line(program.mesh)
    yield ""
    yield from _spmd_lines(program.body)
    yield from _output_lines(program.outputs)


def _output_lines(outputs: tuple[Output, ...]) -> Iterator[str]:
    yield ""
    yield from (f"output {show_name(o.name)} = {show_value(o.value)}" for o in outputs)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _logical_lines(body: tuple[Statement, ...]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, Op):
            yield from _operation_text(statement).split("\n")
        else:
            yield f"{_repeat_text(statement)} {{"
            for value in statement.carried:
                yield f"  {_carry_text(value)}{_names_text(value.names)}"
            yield from _indented(_logical_lines(statement.body))
            yield "}"


def _spmd_lines(body: tuple[SpmdStatement, ...]) -> Iterator[str]:
    for statement in body:
        match statement:
            case Compute():
                yield from _compute_text(statement).split("\n")
            case Reshard():
                freely = statement.freely
                over = f" gathered over {show_names(freely)}" if freely else ""
                step = f"reshard {show_value(statement.source)}{over}"
                yield f"{show_value(statement.result)} = {step}{_copy_text(statement)}"
            case Move():
                step = f"{_step_text(statement)}{_copy_text(statement)}"
                algorithm = f" by {show_name(statement.algorithm)}" if statement.algorithm else ""
                cost = f"costs {statement.picoseconds} ps{algorithm}"
                yield f"{show_value(statement.result)} = {step} {cost}"
            case Loop():
                yield f"{_repeat_text(statement)} {{"
                for value in statement.carried:
                    held = f" {show_layout(value.layout)}{_names_text(value.names)}"
                    yield f"  {_carry_text(value)}{held}"
                yield from _indented(_spmd_lines(statement.body))
                yield "}"
            case _:
                assert_never(statement)


def _op_text(op: Op) -> str:
    """The operator and its type: what both levels say of it."""
    operands = "".join(f" {_operand_text(operand)}" for operand in op.operands)
    over = f" over {show_names(op.over)}" if op.over else ""
    made = f"{show_value(op.result)} = {show_name(op.kind)}{operands}{over}"
    return f"{made}{_params_text(op)} : {show_type(op.type)}"


def _operation_text(op: Op) -> str:
    """A statement of the logical level, or one inside a kernel."""
    return f"{_op_text(op)} {_tail_text(op.scope, op.names)}"


def _repeat_text(repeat: Repeat | Loop) -> str:
    around = f" around {show_name(repeat.around)}" if repeat.around else ""
    return f"repeat {repeat.trips}{around} in {repeat.scope}"


def _operand_text(operand: Operand) -> str:
    if not isinstance(operand, Number):
        return show_value(operand)
    size = f"size {show_names(operand.dims)} " if operand.dims else ""
    return size + show_number(operand.value)


def _params_text(op: Op) -> str:
    match op.params:
        case None:
            text = ""
        case Norm(eps):
            text = f" with eps {show_number(eps)}"
        case Renamed() | Rolled() | Joined() | Cut() | Routed() | Position():
            text = f" with {_arrangement_text(op.params)}"
        case Cast(dtype):
            text = f" with to {show_name(dtype)}"
        case Filled(value, type_):
            text = f" with all {show_type(type_)} {show_number(value)}"
        case Fused(inputs, body):
            names = "".join(f" {show_value(name)}" for name in inputs)
            lines = "".join(f"\n  {_operation_text(member)}" for member in body)
            text = f" with members{names} {{{lines}\n}}"
        case Declared(type_):
            text = " with declared"
            text += f" {show_type(type_)}" if type_ != op.type else ""
        case _:
            assert_never(op.params)
    return text


def _arrangement_text(params: Renamed | Rolled | Joined | Cut | Routed | Position) -> str:
    """Parameters that say which elements stand where."""
    match params:
        case Renamed(pairs):
            shown = (f"{show_name(old)} -> {show_name(new)}" for old, new in pairs)
            return f"pairs {show_list(shown)}"
        case Rolled(by):
            return f"turn {by}"
        case Joined(dims, parts):
            shown = (f"{show_names(part)}: {size}" for part, size in parts)
            return f"join {show_list(shown)} -> {show_names(dims)}"
        case Cut(source, dims, start):
            return f"cut {show_names(source)} from {start} -> {show_names(dims)}"
        case Routed(pairs, queue, slot, pick):
            shown = (f"{show_name(token)} -> {show_name(place)}" for token, place in pairs)
            line = f"line {show_names(queue)} -> {show_names(slot)}"
            return f"route {show_list(shown)} {line} pick {show_names(pick)}"
        case Position(dims):
            return f"position {show_names(dims)}"


def _compute_text(compute: Compute) -> str:
    shown = (f"{show_name(atom)} = {_target_text(target)}" for atom, target in compute.way)
    way = f" by {show_list(shown)}" if compute.way else ""
    tail = _tail_text(compute.op.scope, compute.op.names)
    return f"{_op_text(compute.op)} {show_layout(compute.layout)}{way} {tail}"


def _target_text(target: str) -> str:
    return show_partial(target) or show_name(target)


def _step_text(move: Move) -> str:
    """The step, with the value that it is applied to after its name."""
    source = show_value(move.source)
    match move.step:
        case Slice(dim, atoms):
            text = f"slice {source} {show_name(dim)} over {show_product(atoms)}"
        case AllGather(dim, atoms):
            text = f"all_gather {source} {show_name(dim)} over {show_product(atoms)}"
        case ReduceScatter(dim, atoms):
            text = f"reduce_scatter {source} {show_name(dim)} over {show_product(atoms)}"
        case AllReduce(atoms):
            text = f"all_reduce {source} over {show_product(atoms)}"
        case AllToAll(before, after, atoms):
            exchange = f"{show_name(before)} -> {show_name(after)}"
            text = f"all_to_all {source} {exchange} over {show_product(atoms)}"
        case Permute(layout):
            text = f"permute {source} to {show_layout(layout)}"
        case Seed(atoms):
            text = f"seed {source} over {show_product(atoms)}"
        case _:
            assert_never(move.step)
    return text


def _copy_text(copy: Reshard | Move) -> str:
    """What every copy says: type, layout, place, reason."""
    held = f" : {show_type(copy.type)} {show_layout(copy.layout)}"
    return f"{held} {_tail_text(copy.scope, copy.names)} {_why_text(copy.why)}"


def _why_text(why: Why) -> str:
    reader = f" for {show_value(why.reader)}" if why.reader else ""
    return f"because {show_value(why.value)}{reader} {quote(why.text)}"


def _carry_text(value: Carried | LoopValue) -> str:
    start = f"carry {show_value(value.entry)} from {show_value(value.init)}"
    end = f"yields {show_value(value.yields)} gives {show_value(value.result)}"
    return f"{start} {end} : {show_type(value.type)}"


def _tail_text(scope: int, names: tuple[Place, ...]) -> str:
    return f"in {scope}{_names_text(names)}"


def _names_text(names: tuple[Place, ...]) -> str:
    return f" as {', '.join(show_place(place) for place in names)}" if names else ""
