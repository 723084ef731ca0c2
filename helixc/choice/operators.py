"""One operator as the choice sees it: its factor rule, what the plan says here, and its sizes.

Operators that agree in all of this are one operator to the choice, however many layers they stand in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import attrs

from helixc.choice.difference import Freely, Shape
from helixc.choice.ways import Choice
from helixc.ir.factors import factor_sizes
from helixc.ir.layout import Layout
from helixc.ir.ops import OPS, OpRow
from helixc.ir.rules import Factor
from helixc.ir.tensor import Share, Sizes
from helixc.ir.work import Arithmetic
from helixc.price.operator import LocalOperator


@attrs.frozen(kw_only=True, cache_hash=True, slots=False)
class Operator:
    """What decides the ways of an operator and their prices.

    Nothing is named here: factors go by number, the dimensions of a value by position.
    ``arithmetic`` is what it computes.

    ``planned``: planned layout of the result, ``homes`` those in which the operands are used.  ``freely``:
    for each operand the atoms over which it may be gathered unasked, None for all but weights.  ``same``: for each
    operand the first position of the same value.  ``named``: for each atom the factors that the innermost
    scope claiming it names: the departures that may be tried.  ``forced``: for each atom what a
    ``via`` line leaves of the choices.  ``unmoved``: operands that must already lie as the way needs them.
    ``exact``: the result is held as planned at once.
    """

    kind: str
    arithmetic: Arithmetic
    rule: tuple[Factor, ...]
    shapes: tuple[Shape, ...]
    result: Shape
    planned: Layout
    homes: tuple[Layout, ...]
    numbers: tuple[bool, ...]
    freely: tuple[Freely, ...]
    same: tuple[int, ...]
    named: tuple[tuple[str, tuple[str, ...]], ...]
    forced: tuple[tuple[str, tuple[Choice, ...]], ...]
    unmoved: frozenset[int] = frozenset()
    exact: bool = False

    @property
    def row(self) -> OpRow:
        """What the table says of operators of this kind."""
        return OPS[self.kind]

    @property
    def made_freely(self) -> Freely:
        """The atoms over which the result may be gathered unasked: of what is kept none."""
        return () if self.row.fills else None

    @cached_property
    def sizes(self) -> Sizes:
        """Global size of each factor."""
        known = (*(shape.known for shape in self.shapes), self.result.known)
        return factor_sizes(self.rule, known)

    @cached_property
    def follows(self) -> bool:
        """Whether it only follows its operands: it contracts nothing and spreads nothing."""
        return not self.row.spreads and all(factor.result is not None for factor in self.rule)

    def on_gpu(self, local: Mapping[str, int]) -> LocalOperator:
        """The operator as one GPU runs it; ``local``: the size of each factor's block there."""
        types = [shape.type for shape in self.shapes]
        sizes = Sizes(local, self.sizes.shares)
        return LocalOperator(
            self.arithmetic, types, self.result.type, self.rule, sizes, self._ragged
        )

    @cached_property
    def _ragged(self) -> Sequence[Mapping[str, Share]]:
        if not any(shape.shares for shape in (*self.shapes, self.result)):
            return ()
        return tuple(shape.known.shares for shape in self.shapes)
