"""One operator as the choice sees it: its factor rule, what the plan says here, and its prices.

``named`` are the dimensions that the innermost scope claiming an atom names: the departures that may be
tried.  ``forced`` is what a ``via`` line leaves of the candidates.  Operators that agree in all of this are
one operator to the choice, however many layers they stand in.
"""

from __future__ import annotations

import attrs

from helixc.choice.plan_view import Forcing, PlanView
from helixc.choice.planning import Planning, operand_types
from helixc.choice.ways import Choice
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import Factor, factors
from helixc.ir.tensor import TensorType

Named = tuple[tuple[str, tuple[str, ...]], ...]
Forced = tuple[tuple[str, tuple[Choice, ...]], ...]


@attrs.frozen(kw_only=True, cache_hash=True)
class Operator:
    """What decides the ways of an operator and their prices; no value is named here.

    ``planned``: planned layout of the result, ``homes`` those of the operands.  ``same``: for each
    operand the first position of the same value.  ``unmoved``: operands that must already lie as the
    way needs them.  ``exact``: the result is held as planned at once.
    """

    kind: str
    rule: tuple[Factor, ...]
    types: tuple[TensorType, ...]
    type: TensorType
    planned: Layout
    homes: tuple[Layout, ...]
    numbers: tuple[bool, ...]
    stored: tuple[bool, ...]
    same: tuple[int, ...]
    named: Named
    forced: Forced
    unmoved: frozenset[int] = frozenset()
    exact: bool = False


def operator_of(op: Op, program: Logical, planning: Planning) -> tuple[Operator, Forcing]:
    """The operator, and what ``via`` lines force on it."""
    types = operand_types(op, program.types)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    view = PlanView(op, rule, program, planning)
    forcing = view.forcing()
    layouts = planning.layouts
    operator = Operator(
        kind=op.kind,
        rule=rule,
        types=types,
        type=op.type,
        planned=layouts[op.result],
        homes=tuple(layouts[o] if isinstance(o, str) else WHOLE for o in op.operands),
        numbers=tuple(not isinstance(operand, str) for operand in op.operands),
        stored=tuple(operand in program.stored for operand in op.operands),
        same=tuple(op.operands.index(operand) for operand in op.operands),
        named=tuple(view.named().items()),
        forced=tuple(forcing.choices.items()),
        unmoved=forcing.unmoved,
        exact=op.result in planning.exact,
    )
    return operator, forcing
