"""One operator as the choice sees it: its factor rule, what the plan says here, and its prices.

``named`` are the dimensions that the innermost scope claiming an atom names: the departures that may be
tried.  ``forced`` is what a ``via`` line leaves of the candidates.  Operators that agree in all of this are
one operator to the choice, however many layers they stand in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from helixc.choice.difference import Shape
from helixc.choice.plan_view import Forcing, PlanView
from helixc.choice.planning import Planning, operand_types
from helixc.choice.states import CopySets
from helixc.choice.ways import Choice, Way
from helixc.ir.layout import WHOLE, Layout, rename_layout
from helixc.ir.logical import Logical, Op
from helixc.ir.rules import Factor, factors
from helixc.ir.tensor import TensorType

Named = tuple[tuple[str, tuple[str, ...]], ...]
Forced = tuple[tuple[str, tuple[Choice, ...]], ...]


@attrs.frozen(kw_only=True, cache_hash=True, slots=False)
class Operator:
    """What decides the ways of an operator and their prices; no value or dimension is named here.

    ``planned``: planned layout of the result, ``homes`` those of the operands.  ``same``: for each
    operand the first position of the same value.  ``unmoved``: operands that must already lie as the
    way needs them.  ``exact``: the result is held as planned at once.
    """

    kind: str
    rule: tuple[Factor, ...]
    shapes: tuple[Shape, ...]
    result: Shape
    planned: Layout
    homes: tuple[Layout, ...]
    numbers: tuple[bool, ...]
    stored: tuple[bool, ...]
    same: tuple[int, ...]
    named: Named
    forced: Forced
    unmoved: frozenset[int] = frozenset()
    exact: bool = False

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Global size of each dimension."""
        return dict(size for shape in (*self.shapes, self.result) for size in shape.sizes)


@attrs.frozen(eq=False)
class Site:
    """An operator where it stands: ``names`` are its dimensions' names in the program, by number."""

    operator: Operator
    forcing: Forcing
    names: tuple[str, ...]
    _numbers: dict[tuple[int, bool], int] = attrs.Factory(dict[tuple[int, bool], int])

    def inward(self, number: int, sets: CopySets) -> int:
        """A set of layouts of the program as the operator numbers dimensions."""
        return self._renamed(number, sets, inward=True)

    def outward(self, number: int, sets: CopySets) -> int:
        """A set of layouts of the operator with the program's dimensions."""
        return self._renamed(number, sets, inward=False)

    def _renamed(self, number: int, sets: CopySets, *, inward: bool) -> int:
        key = (number, inward)
        if key not in self._numbers:
            names = self._names(inward=inward)
            renamed = (rename_layout(layout, names) for layout in sets.layouts(number))
            self._numbers[key] = sets.number(renamed)
        return self._numbers[key]

    def _names(self, *, inward: bool) -> dict[str, str]:
        pairs = ((name, digits(i)) for i, name in enumerate(self.names))
        return dict(pairs) if inward else {number: name for name, number in pairs}

    def layout(self, layout: Layout) -> Layout:
        """A layout of the operator with the program's dimensions."""
        return rename_layout(layout, self._names(inward=False))

    def way(self, way: Way) -> Way:
        """A way of the operator with the program's dimensions."""
        names = self._names(inward=False)
        return Way(
            assignment=tuple((atom, names.get(where, where)) for atom, where in way.assignment),
            operands=tuple(rename_layout(layout, names) for layout in way.operands),
            result=rename_layout(way.result, names),
            ways=tuple((names[name], ways) for name, ways in way.ways),
        )


def site_of(op: Op, program: Logical, planning: Planning) -> Site:
    """The operator behind one statement, its dimensions numbered in the order of its factor rule."""
    types = operand_types(op, program.types)
    rule = factors(op.kind, types, op.type, op.over, op.params)
    view = PlanView(op, rule, program, planning)
    forcing = view.forcing()
    layouts = planning.layouts
    names = tuple(
        dict.fromkeys(d for f in rule for d in (f.name, f.result, *f.operands) if d is not None)
    )
    number = {name: digits(i) for i, name in enumerate(names)}
    homes = [layouts[o] if isinstance(o, str) else WHOLE for o in op.operands]
    operator = Operator(
        kind=op.kind,
        rule=tuple(_renamed_factor(factor, number) for factor in rule),
        shapes=tuple(_shape(type_, number, program.sizes) for type_ in types),
        result=_shape(op.type, number, program.sizes),
        planned=rename_layout(layouts[op.result], number),
        homes=tuple(rename_layout(home, number) for home in homes),
        numbers=tuple(not isinstance(operand, str) for operand in op.operands),
        stored=tuple(operand in program.stored for operand in op.operands),
        same=tuple(op.operands.index(operand) for operand in op.operands),
        named=tuple(
            (atom, tuple(number[dim] for dim in dims)) for atom, dims in view.named().items()
        ),
        forced=tuple(
            (atom, tuple(_renamed_choice(choice, number) for choice in choices))
            for atom, choices in forcing.choices.items()
        ),
        unmoved=forcing.unmoved,
        exact=op.result in planning.exact or view.as_planned(),
    )
    return Site(operator, forcing, names)


def digits(number: int) -> str:
    """The name of a numbered dimension; names sort as the numbers do."""
    return f"{number:03}"


def _shape(type_: TensorType, number: Mapping[str, str], sizes: Mapping[str, int]) -> Shape:
    return Shape(type_.dtype, tuple((number[dim], sizes[dim]) for dim in type_.dims))


def _renamed_factor(factor: Factor, number: Mapping[str, str]) -> Factor:
    return Factor(
        name=number[factor.name],
        tag=factor.tag,
        operands=tuple(None if dim is None else number[dim] for dim in factor.operands),
        result=None if factor.result is None else number[factor.result],
    )


def _renamed_choice(choice: Choice, number: Mapping[str, str]) -> Choice:
    where, name = choice
    return (where, number[name]) if where == "split" else choice
