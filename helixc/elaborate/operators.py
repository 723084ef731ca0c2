"""The operators of the source by name: what each takes and what elaborates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs

from helixc.elaborate.appends import append
from helixc.elaborate.application import Application, Results
from helixc.elaborate.arithmetic import FUNCTIONS
from helixc.elaborate.arrows import Reshaping
from helixc.elaborate.contractions import extreme, matmul, normalised, outer, reduction
from helixc.elaborate.elementwise import convert, elementwise
from helixc.elaborate.joins import concat, index, split
from helixc.elaborate.ranks import top_k
from helixc.elaborate.renames import rename
from helixc.elaborate.rotations import rotate
from helixc.elaborate.routes import combine, dispatch
from helixc.elaborate.sequences import scan, shift
from helixc.elaborate.takes import take
from helixc.ir.ops import OPS, Norm
from helixc.ir.tensor import DTYPE_BITS


@attrs.frozen
class Reshaper:
    """How an operator is used whose arguments are dimensions.

    ``keyed``: it has ``dimension = operand``; ``over``: it looks up what stands after ``over`` itself.
    """

    apply: Callable[[Reshaping], Results]
    keyed: bool = False
    over: bool = False


@attrs.frozen
class Operator:
    """How an operator is used: ``over`` after its values, numbers by name, numbers folded.

    ``named``: operands that stand behind a keyword.
    """

    apply: Callable[[Application], Results]
    over: bool = False
    options: tuple[str, ...] = ()
    folds: bool = False
    named: tuple[str, ...] = ()


def _unary(use: Application) -> Results:
    if not use.takes(1) or use.values() is None:
        return (None,)
    return (elementwise(use.builder, use.name, use.operands, use.call.span),)


def _conversion(use: Application) -> Results:
    values = use.values() if use.takes(1) else None
    if values is None:
        return (None,)
    return (convert(use.builder, values[0], use.name, use.call.span),)


def _table() -> dict[str, Operator]:
    table = {
        kind: Operator(_unary, folds=kind in FUNCTIONS)
        for kind, row in OPS.items()
        if row.arity == 1 and row.work == "elementwise" and row.linear == "none" and not row.whole
    }
    for kind in ("sum", "mean", "any", "all"):
        table[kind] = Operator(reduction, over=True)
    for kind in ("min", "max"):
        table[kind] = Operator(extreme, over=True, folds=True)
    for kind, row in OPS.items():
        if row.expands:
            options = ("eps",) if row.params is Norm else ()
            table[kind] = Operator(normalised, over=True, options=options)
    for kind in ("cast", "neg", "not"):
        table.pop(kind, None)
    table["matmul"] = Operator(matmul, over=True)
    table["outer"] = Operator(outer)
    table["rotate"] = Operator(rotate, over=True)
    table["shift"] = Operator(shift, over=True, named=("by",))
    table["scan"] = Operator(scan, over=True, named=("from",))
    table |= {dtype: Operator(_conversion) for dtype in DTYPE_BITS}
    return table


OPERATORS: Mapping[str, Operator] = _table()
# Operators whose arguments are dimensions, not values alone.
RESHAPINGS: Mapping[str, Reshaper] = {
    "index": Reshaper(index),
    "rename": Reshaper(rename),
    "concat": Reshaper(concat),
    "split": Reshaper(split),
    "take": Reshaper(take, keyed=True),
    "top_k": Reshaper(top_k),
    "append": Reshaper(append, keyed=True),
    "dispatch": Reshaper(dispatch, over=True),
    "combine": Reshaper(combine, over=True),
}
