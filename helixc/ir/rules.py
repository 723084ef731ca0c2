"""What follows from an operator's row in the table: its factor rule and the type of its result."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.ir.ops import OPS, Cast, Cut, Declared, Joined, OpRow, Params, Position, Renamed, Tag
from helixc.ir.tensor import DTYPE_BITS, FLOATING, NUMBER, TensorType


@attrs.frozen
class Factor:
    """One line of an operator's factor rule.

    ``operands``: the dimension of each operand that this factor is, or None; ``result``: the
    dimension of the result, or None if contracted.  ``tag`` says what splitting it does: "pass"
    splits the result too, "sum"/"max"/"min" leave the result partial, "whole" forbids it.
    """

    name: str
    tag: Tag
    operands: tuple[str | None, ...]
    result: str | None


def factors(
    kind: str,
    operand_types: Sequence[TensorType],
    result_type: TensorType,
    over: tuple[str, ...] = (),
    params: Params = None,
) -> tuple[Factor, ...]:
    """The factor rule of one operator: its dimensions, contracted ones first, in a stable order."""
    row = OPS[kind]
    if isinstance(params, Renamed):
        return _rename_factors(operand_types[0], params)
    special = _whole_dims(params)
    names: list[str] = [*over]
    for type_ in (*operand_types, result_type):
        names += [dim for dim in type_.dims if dim not in names]
    return tuple(
        Factor(
            name=dim,
            tag=_tag(row, dim, over, special),
            operands=tuple(dim if dim in type_.dims else None for type_ in operand_types),
            result=dim if dim in result_type.dims else None,
        )
        for dim in names
    )


def _tag(row: OpRow, dim: str, over: tuple[str, ...], special: frozenset[str]) -> Tag:
    if dim in special or (row.whole and dim in over):
        return "whole"
    if row.combines and dim in over:
        return row.combines
    return "pass"


def _whole_dims(params: Params) -> frozenset[str]:
    match params:
        case Joined():
            return frozenset([*params.dims, *(dim for dims, _ in params.parts for dim in dims)])
        case Cut():
            return frozenset([*params.source, *params.dims])
        case _:
            return frozenset()


def _rename_factors(operand: TensorType, params: Renamed) -> tuple[Factor, ...]:
    target = dict(params.pairs)
    return tuple(
        Factor(name=dim, tag="pass", operands=(dim,), result=target.get(dim, dim))
        for dim in operand.dims
    )


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
    if isinstance(params, Declared):
        return params.type
    if isinstance(params, Position):
        return TensorType("i32", params.dims)
    _check_over(kind, operand_types, over)
    return TensorType(_dtype(row, operand_types, params), _dims(row, operand_types, over, params))


def _check_over(kind: str, operand_types: Sequence[TensorType], over: tuple[str, ...]) -> None:
    for dim in over:
        for position, type_ in enumerate(operand_types):
            if dim not in type_.dims:
                raise ValueError(f"operand {position} of {kind} has no dimension {dim}")


def _dtype(row: OpRow, operand_types: Sequence[TensorType], params: Params) -> str:
    if isinstance(params, Cast):
        return params.dtype
    if row.result == "bool":
        return "bool"
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
        case _:
            contracted = over if row.combines else ()
            return _union(operand_types, contracted)


def _joined_dims(operand_types: Sequence[TensorType], params: Joined) -> tuple[str, ...]:
    dims: list[str] = []
    for type_, (part, _) in zip(operand_types, params.parts, strict=True):
        dims += [d for d in _replaced(type_.dims, part, params.dims) if d not in dims]
    return tuple(dims + [dim for dim in params.dims if dim not in dims])


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
