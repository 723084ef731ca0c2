"""An operator where it stands: what the choice calls by number and position, and its names there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.choice.operators import Operator
from helixc.choice.plan_view import Forcing, PlanView
from helixc.choice.planning import Planning, operand_types
from helixc.choice.positions import by_name, by_position, digits, shape_by_position
from helixc.choice.ways import Choice, Way
from helixc.ir.layout import WHOLE
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import OPS
from helixc.ir.rules import Factor, factors
from helixc.ir.tensor import TensorType
from helixc.ir.work import arithmetic_of


@attrs.frozen(eq=False)
class Site:
    """An operator where it stands: ``factors`` are the names of its factors, by number."""

    operator: Operator
    forcing: Forcing
    factors: tuple[str, ...]
    operands: tuple[TensorType, ...]
    result: TensorType

    def held(self) -> Site:
        """The same where the result is held as planned at once."""
        return attrs.evolve(self, operator=attrs.evolve(self.operator, exact=True))

    def way(self, way: Way) -> Way:
        """A way of the operator with the names that hold here."""
        names = {digits(i): name for i, name in enumerate(self.factors)}
        return Way(
            assignment=tuple((atom, names.get(where, where)) for atom, where in way.assignment),
            operands=tuple(
                by_name(layout, type_.dims)
                for layout, type_ in zip(way.operands, self.operands, strict=bool(way.operands))
            ),
            result=by_name(way.result, self.result.dims),
            ways=tuple((names[factor], ways) for factor, ways in way.ways),
        )


def site_of(op: Op, program: Logical, planning: Planning, view: PlanView) -> Site:
    """The operator behind one statement, its factors numbered in the order of its rule."""
    types = operand_types(op, program.types)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    here = view.at(op, rule)
    forcing = here.forcing()
    number = {factor.name: digits(i) for i, factor in enumerate(rule)}
    homes = [planning.used(o) if isinstance(o, str) else WHOLE for o in op.operands]
    operator = Operator(
        kind=op.kind,
        arithmetic=arithmetic_of(op, types).renamed(number),
        rule=_by_number(rule, types, op.type),
        shapes=tuple(shape_by_position(type_, program.sizes) for type_ in types),
        result=shape_by_position(op.type, program.sizes),
        planned=by_position(planning.layouts[op.result], op.type.dims),
        homes=tuple(by_position(h, type_.dims) for h, type_ in zip(homes, types, strict=True)),
        numbers=tuple(not isinstance(operand, str) for operand in op.operands),
        freely=tuple(planning.freely(o) if isinstance(o, str) else None for o in op.operands),
        same=tuple(op.operands.index(operand) for operand in op.operands),
        named=tuple((atom, tuple(number[name] for name in names)) for atom, names in here.named()),
        forced=tuple(
            (atom, tuple(_numbered(choice, number) for choice in choices))
            for atom, choices in forcing.choices.items()
        ),
        unmoved=forcing.unmoved,
        exact=op.result in planning.exact or here.as_planned() or OPS[op.kind].rests,
    )
    return Site(operator, forcing, tuple(number), types, op.type)


def _by_number(
    rule: Sequence[Factor], operands: Sequence[TensorType], result: TensorType
) -> tuple[Factor, ...]:
    """A rule with its factors called by number and the dimensions of each value by position."""

    def place(dim: str | None, type_: TensorType) -> str | None:
        return None if dim is None else digits(type_.dims.index(dim))

    return tuple(
        Factor(
            name=digits(number),
            tag=factor.tag,
            operands=tuple(map(place, factor.operands, operands)),
            result=place(factor.result, result),
            turn=factor.turn,
        )
        for number, factor in enumerate(rule)
    )


def _numbered(choice: Choice, number: Mapping[str, str]) -> Choice:
    where, name = choice
    return (where, number[name]) if where == "split" else choice
