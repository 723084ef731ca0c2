"""Numbers written in a program that must shrink with its dimensions to go on meaning something.

Three kinds do.  A number that positions are compared with or shifted by (a window, a start) follows the
longest dimension that positions run along, so that a mask stays one, or goes where new entries are put
into a state if it says where; one that picks an element follows the dimension that it picks from.  A number that scales a product
of two activations follows the square root of the contraction's length, so that a softmax is as peaked
as at full size.  The change is a function of the model alone, so all levels change alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from helixc.interp.site import Dims, product_size
from helixc.ir.logical import Logical, Op, walk
from helixc.ir.ops import OPS, Cut, Number, Position

Sizes = Mapping[str, int]
# What a number among the operands of these is to positions: a bound or a shift.
_BOUNDS = frozenset(["add", "sub", "minimum", "maximum", "mod", "lt", "le", "gt", "ge", "eq", "ne"])


# For the result of an operator, by position among its operands: the number there, and the new one.
Changes = dict[str, dict[int, tuple[float, float]]]


def scaled_constants(
    program: Logical, full: Sizes, small: Sizes, starts: Mapping[str, int]
) -> Changes:
    """The numbers of a model that change when dimensions do; ``starts``: where cuts then begin."""
    ops = {s.result: s for s in walk(program.body) if isinstance(s, Op)}
    positions = _positions(ops)
    longest = _longest(ops, full)
    lengths = product_size(full, longest), product_size(small, longest)
    put_at = dict(_put_at(ops, starts))
    changed: Changes = {}
    for op in ops.values():
        numbers = {i: o.value for i, o in enumerate(op.operands) if isinstance(o, Number)}
        if longest and op.kind in _BOUNDS and op.reads and positions.issuperset(op.reads):
            keeps = lengths[1] + (op.kind == "mod")
            scaled = {i: put_at.get(v, _bound(v, *lengths, keeps)) for i, v in numbers.items()}
        elif places := {i: v for i, v in numbers.items() if i in OPS[op.kind].places}:
            along = product_size(full, op.over), product_size(small, op.over)
            scaled = {**numbers, **{i: _place(v, *along) for i, v in places.items()}}
        elif op.kind in ("mul", "div") and len(op.reads) == 1:
            scale = _contraction_scale(ops, op.reads[0], full, small)
            factor = scale if op.kind == "div" else 1.0 / scale
            scaled = {i: value * factor for i, value in numbers.items()}
        else:
            continue
        if scaled != numbers:
            changed[op.result] = {i: (value, scaled[i]) for i, value in numbers.items()}
    return changed


def _put_at(ops: Mapping[str, Op], starts: Mapping[str, int]) -> Iterator[tuple[float, float]]:
    """Where entries are put into states: at full size, and at the small one."""
    for value, op in ops.items():
        if OPS[op.kind].fills and isinstance(op.params, Cut) and value in starts:
            yield float(op.params.start), float(starts[value])


def _positions(ops: Mapping[str, Op]) -> set[str]:
    """The values made of positions and numbers alone."""
    found: set[str] = set()
    for op in ops.values():
        if op.kind == "index" or (op.reads and found.issuperset(op.reads)):
            found.add(op.result)
    return found


def _longest(ops: Mapping[str, Op], full: Sizes) -> Dims:
    """The longest product of dimensions that positions run along, () if there are no positions."""
    dims = dict.fromkeys(op.params.dims for op in ops.values() if isinstance(op.params, Position))
    return max(dims, key=lambda product: product_size(full, product), default=())


def _bound(value: float, full: int, small: int, keeps: int) -> float:
    """A bound at the small size: a whole number still, and the same one if it is below ``keeps``."""
    if abs(value) < keeps or not math.isfinite(value) or not float(value).is_integer():
        return value
    return math.copysign(max(1.0, math.floor(abs(value) * small / full)), value)


def _place(value: float, full: int, small: int) -> float:
    """A place along a dimension at the small size: the same where it is there, the last one the last."""
    return value if value < small else float(math.floor(value * small / full))


def _contraction_scale(ops: Mapping[str, Op], value: str, full: Sizes, small: Sizes) -> float:
    """How much smaller products of two activations are: the root of the ratio of their lengths."""
    op = ops.get(value)
    if op is None or OPS[op.kind].work != "matmul" or any(_sources(ops, op)):
        return 1.0
    return math.sqrt(product_size(small, op.over) / product_size(full, op.over))


def _sources(ops: Mapping[str, Op], op: Op) -> Iterator[bool]:
    for name in op.reads:
        yield name in ops and OPS[ops[name].kind].work == "source"
