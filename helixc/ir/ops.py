"""The operator table: one row per operator, from which everything else is read off.

A row says how an operator treats the dimensions it works ``over`` and whether its operands may be
partial sums.  From the row follow the result's type and the *factor rule* (both in ``rules``),
hence every legal way to split the operator, which collective it may need, and its work.  No pass
asks for an operator by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Literal

import attrs

from helixc.diagnostics import NOWHERE, Span
from helixc.ir.parameters import (
    Cast,
    Cut,
    Declared,
    Filled,
    Joined,
    Norm,
    Position,
    Renamed,
    Rolled,
    Routed,
)
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType

# Known by this module's name too; its own names need no mention.
__all__ = [
    "Cast",
    "Cut",
    "Declared",
    "Filled",
    "Joined",
    "Norm",
    "Position",
    "Renamed",
    "Rolled",
    "Routed",
]

# What a split contracted dimension leaves behind; "" = the operator contracts nothing.
Combine = Literal["", "sum", "max", "min"]
# Which operands may be partial sums: none, one at a time with the others replicated over that
# atom, all together (a full one is seeded), or only the first of a division.
Linear = Literal["none", "each", "joint", "first"]
# How time and FLOPs are counted: by a rule of the operator's own, or member by member.
Work = Literal["matmul", "elementwise", "free", "source", "members"]
# Where the result's dtype comes from.
Result = Literal["widest", "first", "bool", "index", "declared"]
# Which memory-bound kernel runs an elementwise operator.
Stream = Literal["elementwise", "softmax", "norm"]
Tag = Literal["pass", "sum", "max", "min", "whole"]
# As what a source is kept from step to step; "" = it is not.
Kept = Literal["", "weight", "state"]


@attrs.frozen(kw_only=True)
class OpRow:
    """One operator.

    Operands and result.  ``arity``: number of operands, -1 = any.  ``along``: so many, from the first on, have the
    ``over`` dimensions, and the others do not (-1: all have them); a number before the last of these is the same
    all along.  ``elements``: how many there are along them (0: any number).  ``places``: operands that say in whole
    numbers where.  ``spreads``: operands need no common dimensions.  ``result``: whence its dtype.  ``params``: their class.

    Splitting.  ``combines``: the ``over`` dimensions are contracted and a split one leaves the result partial in
    this way.  ``whole``: the ``over`` dimensions must be unsplit.  ``expands``: with a split ``over`` dimension it is
    rewritten into simpler operators.  ``linear``: the operands that may be partial sums.  ``keeps_order``: a
    partial max may pass through.  ``position``: a local kernel needs the global indices of its block.

    Cost.  ``work``: how it is counted.  ``stream``: the kernel that runs elementwise work, ``flops`` for each element of
    the result.  ``fetches``: of its first operand it reads as many elements as its result has.

    Storage.  ``kept``: as what its result is kept from step to step.  ``rests``: its result is held as planned.
    ``fills``: its result is its first operand with the second put into it, in the same place.
    """

    kind: str
    arity: int
    along: int = -1
    elements: int = 0
    places: tuple[int, ...] = ()
    spreads: bool = False
    result: Result = "widest"
    params: type[object] = NoneType

    combines: Combine = ""
    whole: bool = False
    expands: bool = False
    linear: Linear = "none"
    keeps_order: bool = False
    position: bool = False

    work: Work = "elementwise"
    stream: Stream = "elementwise"
    flops: int = 1
    fetches: bool = False

    kept: Kept = ""
    rests: bool = False
    fills: bool = False

    @property
    def shows_operand(self) -> bool:
        """Whether the result lies where the first operand does."""
        return self.fills or (self.work == "free" and self.arity != 0)


@attrs.frozen
class Number:
    """A number written where an operand is expected, or a size, known when compiling.

    ``dims``: it is the size of this product, and changes with it; () for a number of its own.
    """

    value: float
    dims: tuple[str, ...] = ()


Operand = str | Number


@attrs.frozen(kw_only=True)
class Op:
    """One statement: ``result = kind(operands, over)``.

    ``scope`` is where the operator is written.  ``names`` are the places its result goes by, the
    first being its home: a value returned by a layer, or handed to one, is at home in the caller.
    An unnamed intermediate goes by the name of the statement that it is part of.
    """

    result: str
    kind: str
    operands: tuple[Operand, ...] = ()
    over: tuple[str, ...] = ()
    params: Params = None
    type: TensorType
    scope: int = 0
    names: tuple[Place, ...] = ()
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)

    @property
    def reads(self) -> tuple[str, ...]:
        """The values among the operands, in order, numbers left out."""
        return tuple(operand for operand in self.operands if isinstance(operand, str))

    @property
    def home(self) -> Place:
        """The scope and name to which the result belongs."""
        return self.names[0] if self.names else Place(self.scope)


@attrs.frozen(cache_hash=True)
class Fused:
    """The operators of one kernel, in order; the last one makes its result, the others nothing outside.

    ``inputs`` are the names by which they know the operands.  A number stays with its operator.
    """

    inputs: tuple[str, ...]
    body: tuple[Op, ...]


Params = (
    Norm
    | Renamed
    | Rolled
    | Filled
    | Joined
    | Cut
    | Routed
    | Position
    | Cast
    | Declared
    | Fused
    | None
)

# What a number or an index picks; one that lies outside picks zero, so parts of a table add up.
_TAKE = OpRow(
    kind="take",
    arity=2,
    combines="sum",
    linear="first",
    spreads=True,
    flops=0,
    result="first",
    position=True,
    along=1,
    places=(1,),
    fetches=True,
)

_ROWS = (
    OpRow(kind="input", arity=0, work="source", result="declared", params=Declared),
    OpRow(kind="weight", arity=0, work="source", result="declared", params=Declared, kept="weight"),
    OpRow(kind="frozen", arity=0, work="source", result="declared", params=Declared, kept="weight"),
    OpRow(kind="state", arity=0, work="source", result="declared", params=Declared, kept="state"),
    # The state that the next step sees: a value that takes the place of the present one.
    OpRow(kind="keep", arity=1, work="free", rests=True),
    # Entries put into a state where they belong: the GPU that has the place writes.
    OpRow(
        kind="append",
        arity=2,
        linear="joint",
        flops=0,
        result="first",
        position=True,
        params=Cut,
        along=1,
        fills=True,
    ),
    OpRow(kind="index", arity=0, work="free", result="index", position=True, params=Position),
    OpRow(kind="fill", arity=0, work="free", result="declared", params=Filled),
    OpRow(kind="matmul", arity=2, combines="sum", linear="each", spreads=True, work="matmul"),
    OpRow(kind="outer", arity=2, linear="each", spreads=True),
    OpRow(kind="add", arity=2, linear="joint"),
    OpRow(kind="sub", arity=2, linear="joint"),
    OpRow(kind="mul", arity=2, linear="each"),
    OpRow(kind="div", arity=2, linear="first"),
    OpRow(kind="mod", arity=2),
    OpRow(kind="pow", arity=2, flops=10),
    OpRow(kind="minimum", arity=2),
    OpRow(kind="maximum", arity=2),
    OpRow(kind="where", arity=3),
    OpRow(kind="sum", arity=1, combines="sum", linear="each"),
    OpRow(kind="mean", arity=1, combines="sum", linear="each"),
    OpRow(kind="max", arity=1, combines="max"),
    OpRow(kind="min", arity=1, combines="min"),
    OpRow(kind="any", arity=1, combines="max", result="bool"),
    OpRow(kind="all", arity=1, combines="min", result="bool"),
    OpRow(kind="softmax", arity=1, whole=True, expands=True, stream="softmax", flops=8),
    OpRow(kind="log_softmax", arity=1, whole=True, expands=True, stream="softmax", flops=8),
    OpRow(
        kind="layer_norm", arity=1, whole=True, expands=True, stream="norm", flops=8, params=Norm
    ),
    OpRow(kind="rms_norm", arity=1, whole=True, expands=True, stream="norm", flops=6, params=Norm),
    OpRow(kind="rename", arity=1, linear="each", keeps_order=True, work="free", params=Renamed),
    OpRow(kind="roll", arity=1, linear="each", keeps_order=True, work="free", params=Rolled),
    OpRow(kind="concat", arity=-1, whole=True, linear="joint", spreads=True, params=Joined),
    OpRow(kind="split", arity=1, whole=True, linear="each", params=Cut),
    _TAKE,
    # The places of the largest, as a part of the ranking.
    OpRow(kind="top_k", arity=1, whole=True, stream="softmax", result="index", params=Cut),
    # What stood some places before; zeros come in.
    OpRow(
        kind="shift",
        arity=2,
        whole=True,
        linear="first",
        spreads=True,
        flops=0,
        result="first",
        along=1,
        places=(1,),
    ),
    # A state for each element: the one before times the decay, plus the step.
    OpRow(kind="scan", arity=3, whole=True, flops=2, along=2),
    # To every expert the tokens that chose it, and back to every token what its choices made of it; places
    # of tokens that did not choose an expert hold zero.
    attrs.evolve(_TAKE, kind="dispatch", combines="", along=0, params=Routed),
    attrs.evolve(_TAKE, kind="combine", params=Routed),
    # Two products, a sum, and of each pair's angle a sine and a cosine.
    OpRow(
        kind="rotate",
        arity=2,
        whole=True,
        linear="first",
        flops=11,
        result="first",
        along=1,
        elements=2,
    ),
    OpRow(kind="cast", arity=1, result="declared", params=Cast),
    OpRow(kind="neg", arity=1, linear="each"),
    OpRow(kind="not", arity=1, result="bool"),
    OpRow(kind="kernel", arity=-1, work="members", result="declared", params=Fused),
)
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge", "and", "or")
# Functions of one number, and the FLOPs that one costs.
_FUNCTIONS = (
    ("sqrt", 4), ("rsqrt", 4), ("exp", 8), ("log", 8), ("tanh", 10), ("sigmoid", 10),
    ("gelu", 12), ("gelu_tanh", 14), ("silu", 11), ("relu", 1), ("softplus", 16),
    ("sin", 8), ("cos", 8), ("abs", 1), ("floor", 1), ("ceil", 1),
)  # fmt: skip

OPS: Mapping[str, OpRow] = {
    row.kind: row
    for row in (
        *_ROWS,
        *(OpRow(kind=kind, arity=2, result="bool") for kind in _COMPARISONS),
        *(OpRow(kind=kind, arity=1, flops=flops) for kind, flops in _FUNCTIONS),
    )
}
