"""The factor rule of one operator, read off its row in the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from helixc.ir.ops import (
    OPS,
    Cut,
    Joined,
    Op,
    OpRow,
    Params,
    Position,
    Renamed,
    Rolled,
    Routed,
    Tag,
)
from helixc.ir.tensor import FULL, Share, Sizes, TensorType


@attrs.frozen
class Factor:
    """One line of an operator's factor rule.

    ``operands``: the dimension of each operand that this factor is, or None; ``result``: the
    dimension of the result, or None if contracted.  ``tag`` says what splitting it does: "pass"
    splits the result too, "sum"/"max"/"min" leave the result partial, "whole" forbids it.  ``turn``: the
    result has an element so many places further on, round and round.
    """

    name: str
    tag: Tag
    operands: tuple[str | None, ...]
    result: str | None
    turn: int = 0

    def places(self, size: int, ways: int) -> int:
        """By how many places the result's blocks are turned where so many hold it.

        Raises ``ValueError`` where the elements of a block would part.
        """
        places, rest = divmod(self.turn * ways, size)
        if ways > 1 and rest:
            raise ValueError(f"{self.name} moves on by {self.turn}, not by whole blocks")
        return places % ways


def factor_sizes(rule: Sequence[Factor], known: Sequence[Sizes]) -> Sizes:
    """The size of each factor; ``known``: those of the dimensions of each operand, then of the result.

    A factor is as ragged as the result is along it, or the operands where the result has it not.
    """
    found, shares = dict[str, int](), dict[str, Share]()
    for factor in rule:
        for dim, sizes in zip((*factor.operands, factor.result), known, strict=True):
            if dim is not None:
                found[factor.name] = sizes[dim]
                shares[factor.name] = sizes.shares.get(dim, FULL)
    return Sizes(found, {name: share for name, share in shares.items() if share != FULL})


def own_factors(
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
    if isinstance(params, Routed):
        return tuple(_routed_factors(operand_types, result_type, over, params))
    special = _whole_dims(params) - frozenset(over if row.fills else ())
    names: list[str] = [*over]
    for type_ in (*operand_types, result_type):
        names += [dim for dim in type_.dims if dim not in names]
    return tuple(
        Factor(
            name=dim,
            tag=_tag(row, dim, over, special),
            operands=tuple(dim if dim in type_.dims else None for type_ in operand_types),
            result=dim if dim in result_type.dims else None,
            turn=params.by if isinstance(params, Rolled) and dim in over else 0,
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


def _routed_factors(
    types: Sequence[TensorType], result: TensorType, over: tuple[str, ...], params: Routed
) -> Iterator[Factor]:
    """A token and its own places are one factor; who waits in line is known from all choices only.

    What only the value has and the result has not adds up, as it is zero but where it is chosen.
    """
    token = {place: token for token, place in params.pairs}
    value, choice, made = ({token.get(d, d): d for d in t.dims} for t in (*types, result))
    for name in dict.fromkeys((*over, *value, *choice, *made)):
        chosen = choice.get(name)
        if name in params.queue and name in value:
            yield Factor(f"{name} in line", "whole", (None, chosen), None)
            chosen = None
        tag: Tag = "pass" if name in made else "sum"
        in_line = bool(params.queue) and name in (*params.queue, *params.pick)
        if (in_line and chosen is not None) or (name not in made and name not in value):
            tag = "whole"
        yield Factor(name, tag, (value.get(name), chosen), made.get(name))


def counted_dims(op: Op) -> tuple[str, ...]:
    """The leaves along which a local kernel must know the global places of its block."""
    if not OPS[op.kind].position:
        return ()
    match op.params:
        case Position(dims):
            return dims
        case Routed():
            return (*op.over, *op.params.queue, *op.params.slot)
        case _:
            return op.over
