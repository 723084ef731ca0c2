"""The program while it is being elaborated: operators over dimension objects, values as objects.

Drafts become the logical level (``finish``) when every dimension has its final factors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from helixc.diagnostics import NOWHERE, Span
from helixc.elaborate.dimensions import Dimension, Dims
from helixc.elaborate.units import Quantity
from helixc.ir.logical import ScopeKind
from helixc.ir.ops import Params
from helixc.ir.plan import Place

# Final names of the leaves that some dimensions stand for.
Names = Callable[[Iterable[Dimension]], tuple[str, ...]]


@attrs.define(eq=False)
class Value:
    """A value of the program.

    ``base`` is the name it will have, made unique later; "" until a statement names it.  ``position``:
    made of positions, sizes and numbers only, so it spreads over anything; one that ``adapts`` was
    given its dtype by nobody, so it takes that of the values it meets, as a number does.  ``stored``: a weight or
    an input, which stays at home where it was declared.  ``state``: a state, or what was
    written into one.  ``serial`` counts values as they are made.
    """

    dtype: str
    dims: Dims
    serial: int
    base: str = ""
    named: bool = False
    position: bool = False
    adapts: bool = False
    stored: bool = False
    state: bool = False
    names: dict[Place, None] = attrs.field(factory=dict[Place, None])

    def add_name(self, place: Place, *, first: bool = False) -> None:
        """Let the value go by another name, as its home if ``first``."""
        if first:
            self.names = {place: None, **self.names}
        else:
            self.names.setdefault(place)

    def drop_name(self, place: Place) -> None:
        """Let the value no longer go by a name."""
        self.names.pop(place, None)


Operand = Value | Quantity


@attrs.frozen(eq=False)
class Route:
    """Where a dispatch sent tokens: by which choices, to which experts and places there.

    ``places``: of ragged ones that of each leaf of ``tokens``; () where tokens wait in line for ``slot``.
    """

    choice: Value
    expert: Dimension
    slot: Dimension
    tokens: Dims
    pick: Dims
    places: Dims = ()

    def goes(self, choice: Value, expert: Dimension, slot: Dimension) -> bool:
        """Whether it leads by these choices to these experts and places."""
        return (self.choice, self.expert, self.slot) == (choice, expert, slot)


@attrs.define(eq=False)
class DraftOp:
    """An operator; ``params`` makes its parameters once the leaves have names."""

    result: Value
    kind: str
    operands: tuple[Operand, ...]
    over: Dims
    params: Callable[[Names], Params] | Params
    scope: int
    span: Span


@attrs.define(eq=False)
class DraftCarried:
    """A value that goes round a repeat; ``yields`` is set when the body was read."""

    entry: Value
    init: Value
    result: Value
    yields: Value


@attrs.define(eq=False)
class DraftRepeat:
    """A run of turns of a repeat."""

    trips: int
    scope: int
    span: Span
    carried: list[DraftCarried] = attrs.field(factory=list[DraftCarried])
    body: list[DraftStatement] = attrs.field(factory=list["DraftStatement"])


DraftStatement = DraftOp | DraftRepeat


@attrs.define(eq=False)
class DraftScope:
    """A scope and the dimension names declared in it; ``calls`` and ``repeated`` count by name."""

    parent: int
    kind: ScopeKind
    name: str
    call: int = 0
    first: int = 0
    turns: int = 1
    span: Span = NOWHERE
    id: int = 0
    dims: dict[str, Dimension] = attrs.field(factory=dict[str, Dimension])
    calls: dict[str, int] = attrs.field(factory=dict[str, int])
    repeated: dict[str, int] = attrs.field(factory=dict[str, int])


@attrs.define(eq=False)
class DraftOutput:
    """A result of the model."""

    name: str
    value: Value
    span: Span
