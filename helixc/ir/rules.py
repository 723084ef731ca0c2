"""What follows from an operator's row in the table: its factor rule and the type of its result."""

from __future__ import annotations

from collections.abc import Sequence

from helixc.ir.factors import Factor, own_factors
from helixc.ir.fused import kernel_of
from helixc.ir.ops import (
    OPS,
    Cast,
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Number,
    OpRow,
    Params,
    Position,
    Renamed,
    Routed,
)
from helixc.ir.tensor import DTYPE_BITS, FLOATING, NUMBER, TensorType


def factors(
    kind: str,
    operand_types: Sequence[TensorType],
    result_type: TensorType,
    over: tuple[str, ...] = (),
    params: Params = None,
) -> tuple[Factor, ...]:
    """The factor rule of one operator: its dimensions, contracted ones first, in a stable order."""
    if isinstance(params, Fused):
        return kernel_of(params, tuple(operand_types)).factors
    return own_factors(kind, operand_types, result_type, over, params)


def infer(
    kind: str,
    operand_types: Sequence[TensorType],
    over: tuple[str, ...] = (),
    params: Params = None,
) -> TensorType:
    """The result's type.  Raises ``ValueError`` where the operator does not accept the operands."""
    row = OPS[kind]
    if row.arity not in (-1, len(operand_types)):
        raise ValueError(f"{kind} takes {row.arity} operands, not {len(operand_types)}")
    if isinstance(params, Declared | Filled):
        return params.type
    if isinstance(params, Fused):
        return _infer_fused(params, operand_types)
    if isinstance(params, Position):
        return TensorType("i32", params.dims)
    _check_over(row, operand_types, over)
    return TensorType(_dtype(row, operand_types, params), _dims(row, operand_types, over, params))


def _infer_fused(fused: Fused, operand_types: Sequence[TensorType]) -> TensorType:
    """The type of the last member's result, each member's type being what its row yields."""
    if len(fused.inputs) != len(operand_types) or not fused.body:
        raise ValueError(
            f"a kernel of {len(fused.inputs)} inputs has {len(operand_types)} operands"
        )
    types = dict(zip(fused.inputs, operand_types, strict=True))
    for op in fused.body:
        if op.kind not in OPS or type(op.params) is not OPS[op.kind].params or op.kind == "kernel":
            raise ValueError(f"{op.kind} of {op.result} cannot be a part of a kernel")
        unknown = [name for name in op.reads if name not in types]
        if unknown or op.result in types:
            raise ValueError(f"{op.result} is not made once, from what is there")
        found = [NUMBER if isinstance(o, Number) else types[o] for o in op.operands]
        inferred = infer(op.kind, found, op.over, op.params)
        if inferred.dtype != op.type.dtype or set(inferred.dims) != set(op.type.dims):
            raise ValueError(f"{op.result} inside is not what {op.kind} yields")
        types[op.result] = op.type
    for dim in kernel_of(fused, tuple(operand_types)).inner_dims:
        raise ValueError(f"{dim} is made and used up inside the kernel")
    return fused.body[-1].type


def _check_over(row: OpRow, operand_types: Sequence[TensorType], over: tuple[str, ...]) -> None:
    for position, type_ in enumerate(operand_types):
        needed = row.along < 0 or position < row.along
        if type_ is NUMBER and position + 1 < row.along:
            continue
        for dim in over:
            if (dim in type_.dims) != needed:
                has = "has no" if needed else "itself has the"
                raise ValueError(f"operand {position} of {row.kind} {has} dimension {dim}")
        if position in row.places and not counts(type_.dtype):
            raise ValueError(f"operand {position} of {row.kind} is no whole number: {type_.dtype}")


def counts(dtype: str) -> bool:
    """Whether values of this dtype are whole numbers; those written in a program may be."""
    return dtype not in FLOATING and dtype != "bool"


def _dtype(row: OpRow, operand_types: Sequence[TensorType], params: Params) -> str:
    if isinstance(params, Cast):
        return params.dtype
    if row.result == "bool":
        return "bool"
    if row.result == "index":
        return "i32"
    if row.result == "first":
        return operand_types[0].dtype
    values = operand_types[1:] if row.kind == "where" else operand_types
    return widest([type_.dtype for type_ in values])


def widest(dtypes: Sequence[str]) -> str:
    """The widest floating dtype among these, else the widest integer; numbers do not count."""
    known = [dtype for dtype in dtypes if dtype != NUMBER.dtype]
    if not known:
        return "f32"
    floating = [dtype for dtype in known if dtype in FLOATING]
    if floating:
        return min(floating, key=FLOATING.index)
    return max(known, key=lambda dtype: (DTYPE_BITS[dtype], dtype))


def _dims(
    row: OpRow, operand_types: Sequence[TensorType], over: tuple[str, ...], params: Params
) -> tuple[str, ...]:
    if row.fills:
        return _filled_dims(operand_types, over, params)
    match params:
        case Renamed():
            target = dict(params.pairs)
            renamed = tuple(target.get(dim, dim) for dim in operand_types[0].dims)
            if len(set(renamed)) != len(renamed):
                raise ValueError(f"{row.kind} gives a dimension twice: {', '.join(renamed)}")
            return renamed
        case Cut():
            return _replaced(operand_types[0].dims, params.source, params.dims)
        case Joined():
            return _joined_dims(operand_types, params)
        case Routed():
            return _routed_dims(row, operand_types, over, params)
        case _:
            contracted = over if row.combines else ()
            return _union(operand_types, contracted)


def _filled_dims(
    operand_types: Sequence[TensorType], over: tuple[str, ...], params: Params
) -> tuple[str, ...]:
    """Those of the first operand; the second has ``dims`` where that has what is worked over."""
    into, new = operand_types
    if not isinstance(params, Cut) or params.source != over:
        raise ValueError("it does not say what is filled")
    rest = {dim for dim in into.dims if dim not in over}
    if rest != {dim for dim in new.dims if dim not in params.dims}:
        raise ValueError(f"[{', '.join(new.dims)}] cannot stand in [{', '.join(into.dims)}]")
    return into.dims


def _joined_dims(operand_types: Sequence[TensorType], params: Joined) -> tuple[str, ...]:
    dims: list[str] = []
    for type_, (part, _) in zip(operand_types, params.parts, strict=True):
        dims += [d for d in _replaced(type_.dims, part, params.dims) if d not in dims]
    both = [
        dim for part, _ in params.parts for dim in part if dim in dims and dim not in params.dims
    ]
    if both:
        raise ValueError(f"{both[0]} is joined and kept")
    return tuple(dims + [dim for dim in params.dims if dim not in dims])


def _routed_dims(
    row: OpRow, types: Sequence[TensorType], over: tuple[str, ...], params: Routed
) -> tuple[str, ...]:
    """Tokens give way to experts and places at them, and the reverse where the experts go."""
    tokens, places = (tuple(pair[i] for pair in params.pairs) for i in (0, 1))
    value, choice = types
    needed = (*tokens, *params.queue, *params.pick)
    if row.combines:
        have, gone, target = (*places, *params.slot), over, dict(zip(places, tokens, strict=True))
    else:
        have, gone, target = (*tokens, *params.queue), (), dict(params.pairs)
    lacking = [d for dims, t in ((have, value), (needed, choice)) for d in dims if d not in t.dims]
    if lacking:
        raise ValueError(f"an operand of {row.kind} has no dimension {lacking[0]}")
    foreign = (*tokens, *params.queue) if row.combines else params.pick
    both = [dim for dim in foreign if dim in value.dims]
    if both:
        raise ValueError(f"what {row.kind} moves has the dimension {both[0]} of the choices")
    left = {*gone, *params.queue, *params.slot}
    kept = [target.get(dim, dim) for dim in value.dims if dim not in left]
    came = choice.dims if row.combines else (*over, *params.slot)
    made = (*came, *(dim for dim in kept if not (row.combines and dim in came)))
    if len(set(made)) != len(made):
        raise ValueError(f"{row.kind} gives a dimension twice: {', '.join(made)}")
    return made


def _replaced(dims: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """``dims`` with the product ``new`` where the first factor of ``old`` stood."""
    replaced: list[str] = []
    for dim in dims:
        if dim not in old:
            replaced.append(dim)
        elif dim == old[0]:
            replaced += new
    return tuple(replaced)


def _union(operand_types: Sequence[TensorType], without: tuple[str, ...]) -> tuple[str, ...]:
    dims: list[str] = []
    for type_ in operand_types:
        dims += [dim for dim in type_.dims if dim not in dims and dim not in without]
    return tuple(dims)
