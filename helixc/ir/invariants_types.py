"""Facts about types: every result has the type that its operator's row in the table yields.

The order of a type's dimensions means nothing, so types are compared without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from helixc.diagnostics import Diagnostic, Span
from helixc.ir import logical, spmd
from helixc.ir.fact import Invariant
from helixc.ir.fused import kernel_of
from helixc.ir.logical import Carried, Logical, Op, Repeat
from helixc.ir.ops import OPS, Cut, Fused, Joined, Number, Renamed, Routed
from helixc.ir.rules import infer
from helixc.ir.spmd import Compute, Loop, LoopValue, Spmd
from helixc.ir.tensor import DTYPE_BITS, NUMBER, Dim, Sizes, TensorType
from helixc.limits import MAX_ELEMENTS

Types = Mapping[str, TensorType]


def _logical_typed(program: Logical) -> Iterator[Diagnostic]:
    yield from _check_dims(program.dims)
    for statement in logical.walk(program.body):
        if isinstance(statement, Repeat):
            yield from _check_around(statement, program.sizes)
            for value in statement.carried:
                yield from _check_carried(value, program.types, program.sizes, statement.span)
        else:
            yield from check_op(statement, program.types, program.sizes)


def _spmd_typed(program: Spmd) -> Iterator[Diagnostic]:
    yield from _check_dims(program.dims)
    for statement in spmd.walk(program.body):
        match statement:
            case Loop():
                yield from _check_around(statement, program.sizes)
                for value in statement.carried:
                    yield from _check_carried(value, program.types, program.sizes, statement.span)
            case Compute():
                yield from check_op(statement.op, program.types, program.sizes)
            case _:
                yield from _check_copy(statement, program.types)


def _check_around(repeat: Repeat | Loop, sizes: Sizes) -> Iterator[Diagnostic]:
    """What goes round a dimension turns once for each element but one."""
    if repeat.around and repeat.trips != sizes.get(repeat.around, 0) - 1:
        found = f"a repeat goes round {repeat.around} in {repeat.trips} turns"
        yield Diagnostic("HX0352", found, repeat.span)


def same_type(one: TensorType, other: TensorType) -> bool:
    """Whether two types are equal but for the order of their dimensions."""
    return one.dtype == other.dtype and sorted(one.dims) == sorted(other.dims)


def show_type(type_: TensorType) -> str:
    """A type as people write it."""
    return f"{type_.dtype}[{', '.join(type_.dims)}]"


def _check_dims(dims: tuple[Dim, ...]) -> Iterator[Diagnostic]:
    for name, count in sorted(Counter(dim.name for dim in dims).items()):
        if count > 1:
            yield Diagnostic("HX0352", f"dimension {name} is declared {count} times")
    for dim in dims:
        if dim.size < 1:
            yield Diagnostic("HX0352", f"dimension {dim.name} has the size {dim.size}")
        if not 1 <= dim.share.part <= dim.share.of:
            share = f"{dim.share.part} of {dim.share.of} places"
            yield Diagnostic("HX0352", f"of dimension {dim.name} {share} are to be full")
        if dim.real is not None and not 1 <= dim.real <= dim.size:
            found = f"dimension {dim.name} is padded from {dim.real} to {dim.size}"
            yield Diagnostic("HX0352", found)


def check_op(op: Op, types: Types, sizes: Sizes) -> Iterator[Diagnostic]:
    """Findings about one operator: its kind, its parameters, and the type of its result."""
    yield from _check_type(op.result, op.type, sizes, op.span)
    row = OPS.get(op.kind)
    if row is None:
        yield Diagnostic("HX0351", f"there is no operator {op.kind}", op.span)
        return
    if type(op.params) is not row.params:
        message = f"{op.kind} takes {_params_name(row.params)}, not {_params_name(type(op.params))}"
        yield Diagnostic("HX0351", message, op.span)
        return
    operands = [NUMBER if isinstance(o, Number) else types.get(o) for o in op.operands]
    known = [t for t in operands if t is not None and (t is NUMBER or t.dtype in DTYPE_BITS)]
    if len(known) == len(operands):
        yield from _check_inferred(op, known, sizes)


def _params_name(params: type[object]) -> str:
    return "no parameters" if params is type(None) else f"the parameters {params.__name__}"


def _check_inferred(op: Op, operands: list[TensorType], sizes: Sizes) -> Iterator[Diagnostic]:
    try:
        inferred = infer(op.kind, operands, op.over, op.params)
    except ValueError as reason:
        yield Diagnostic("HX0351", f"%{op.result}: {reason}", op.span)
        return
    if not same_type(inferred, op.type):
        found = f"%{op.result} is {show_type(op.type)}, but {op.kind} yields {show_type(inferred)}"
        yield Diagnostic("HX0351", found, op.span, legal=(show_type(inferred),))
    yield from _check_param_dims(op, operands)
    yield from _check_elements(op, sizes)
    yield from _check_number_sizes(op, sizes)
    yield from _check_param_sizes(op, sizes)
    if isinstance(op.params, Fused):
        inside = kernel_of(op.params, tuple(operands)).types
        for member in op.params.body:
            yield from check_op(member, inside, sizes)


def _check_param_dims(op: Op, operands: list[TensorType]) -> Iterator[Diagnostic]:
    """The dimensions that the parameters speak of stand in the operands that they speak of."""
    match op.params:
        case Renamed(pairs):
            needed = [(operands[0], before) for before, _ in pairs]
        case Cut(source):
            needed = [(operands[0], dim) for dim in source]
        case Joined(_, parts):
            pairs = zip(operands, parts, strict=True)
            needed = [(type_, dim) for type_, (dims, _) in pairs for dim in dims]
        case _:
            needed = []
    for type_, dim in needed:
        if dim not in type_.dims:
            found = f"%{op.result}: {op.kind} of {dim}, but the operand is {show_type(type_)}"
            yield Diagnostic("HX0351", found, op.span)


def _check_elements(op: Op, sizes: Sizes) -> Iterator[Diagnostic]:
    elements = OPS[op.kind].elements
    if elements and _product(op.over, sizes) != elements:
        yield _uneven(op, f"{_show_product(op.over)} has not the size {elements}")


def _check_number_sizes(op: Op, sizes: Sizes) -> Iterator[Diagnostic]:
    """A number that is a size is that size."""
    for operand in op.operands:
        if isinstance(operand, Number) and operand.dims:
            size = _product(operand.dims, sizes)
            if operand.value != size:
                found = f"{_show_product(operand.dims)} is {size}, not {operand.value:g}"
                yield _uneven(op, found)


def _check_param_sizes(op: Op, sizes: Sizes) -> Iterator[Diagnostic]:
    match op.params:
        case Renamed(pairs):
            yield from _check_pairs(op, pairs, sizes)
        case Routed(pairs):
            # Of the places of tokens fewer are full than of what they are the places of.
            yield from _check_pairs(op, pairs, Sizes(sizes))
        case Joined(dims, parts):
            total = sum(size for _, size in parts)
            if total != _product(dims, sizes):
                yield _uneven(op, f"the parts of {_show_product(dims)} add up to {total}")
            for part, size in parts:
                if _product(part, sizes) != size:
                    yield _uneven(op, f"the part {_show_product(part)} has not the size {size}")
        case Cut(source, dims, start):
            if not 0 <= start <= _product(source, sizes) - _product(dims, sizes):
                message = f"{_show_product(dims)} from {start} on reaches beyond"
                yield _uneven(op, f"{message} {_show_product(source)}")
        case _:
            pass


def _check_pairs(op: Op, pairs: tuple[tuple[str, str], ...], sizes: Sizes) -> Iterator[Diagnostic]:
    for before, after in pairs:
        if sizes.get(before) != sizes.get(after):
            yield _uneven(op, f"{before} and {after} have different sizes")
        elif sizes.shares.get(before) != sizes.shares.get(after):
            yield _uneven(op, f"of {before} and {after} different shares are to be full")


def _product(dims: tuple[str, ...], sizes: Sizes) -> int:
    product = 1
    for dim in dims:
        product *= sizes.get(dim, 0)
    return product


def _show_product(dims: tuple[str, ...]) -> str:
    return " * ".join(dims) or "1"


def _uneven(op: Op, message: str) -> Diagnostic:
    return Diagnostic("HX0352", f"%{op.result}: {message}", op.span)


def _check_type(name: str, type_: TensorType, sizes: Sizes, span: Span) -> Iterator[Diagnostic]:
    if type_.dtype not in DTYPE_BITS:
        yield Diagnostic("HX0351", f"%{name} has the unknown dtype {type_.dtype}", span)
    if len(set(type_.dims)) != len(type_.dims):
        yield Diagnostic("HX0351", f"%{name} has a dimension twice: {show_type(type_)}", span)
    for dim in type_.dims:
        if dim not in sizes:
            yield Diagnostic("HX0352", f"%{name} has the dimension {dim}, which has no size", span)
    if _product(type_.dims, sizes) > MAX_ELEMENTS:
        yield Diagnostic("HX0352", f"%{name} has more than 2^80 elements", span)


def _check_carried(
    value: Carried | LoopValue, types: Types, sizes: Sizes, span: Span
) -> Iterator[Diagnostic]:
    yield from _check_type(value.entry, value.type, sizes, span)
    for name in (value.init, value.yields):
        type_ = types.get(name)
        if type_ is not None and not same_type(type_, value.type):
            carried, found = show_type(value.type), show_type(type_)
            message = f"%{value.entry} is carried as {carried}, but %{name} is {found}"
            yield Diagnostic("HX0351", message, span)


def _check_copy(copy: spmd.Reshard | spmd.Move, types: Types) -> Iterator[Diagnostic]:
    source = types.get(copy.source)
    if source is not None and not same_type(source, copy.type):
        found, original = show_type(copy.type), show_type(source)
        message = f"%{copy.result} is {found}, but %{copy.source}, which it copies, is {original}"
        yield Diagnostic("HX0351", message, copy.why.line)


LOGICAL_TYPED = Invariant("typed", Logical, _logical_typed)
SPMD_TYPED = Invariant("typed", Spmd, _spmd_typed)
