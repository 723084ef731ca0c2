"""Level 2, where it lives: one program for all GPUs, a layout for every value.

    program   = the logical header, mesh with atoms, body, outputs
    body      = { compute | reshard | move | loop }
    compute   = a logical op, the way it is split, the layout of its result
    reshard   = "this value, in that layout": abstract, until ``communicate`` expands it
    move      = one step of the layout algebra: a collective, or a local slice or seed
    loop      = a repeat whose carried values have one layout at entry, back edge and exit

``partition`` writes computes and reshards; from ``communicate`` on there are no reshards.  A compute's
operands are named as they are read, so a resharded copy has a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

from helixc.diagnostics import NOWHERE, Diagnostic, Span
from helixc.ir.hardware import Cluster
from helixc.ir.layout import Layout, Step
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.mesh import Mesh
from helixc.ir.ops import OPS, Kept
from helixc.ir.plan import Approximation, Place, Plan, Slices
from helixc.ir.tensor import Dim, Sizes, TensorType


@attrs.frozen(kw_only=True)
class Why:
    """Why data moves: ``value`` is held one way and ``reader`` needs it another.

    ``value`` and ``reader`` are logical value names (``reader`` is "" for an output or a carried
    value).  ``line`` is the plan's line that asked for it, ``text`` the sentence for people.
    """

    value: str
    reader: str
    text: str
    line: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen(kw_only=True)
class Compute:
    """An operator on every GPU, on local blocks.

    ``way`` assigns each atom that splits the work to a factor of the operator's rule, by name, or to
    "partial N" where operand N passes through as a partial value; an atom not listed repeats the
    work.  Listed in the order of the tuples.
    """

    op: Op
    way: tuple[tuple[str, str], ...]
    layout: Layout

    @property
    def result(self) -> str:
        """The value computed."""
        return self.op.result

    @property
    def type(self) -> TensorType:
        """Global type of the result."""
        return self.op.type

    @property
    def scope(self) -> int:
        """Where the operator is written."""
        return self.op.scope


@attrs.frozen(kw_only=True)
class Reshard:
    """``result`` is ``source`` in another layout; how is not said yet.

    ``freely``: the atoms over which a weight may be gathered unasked, as its ``store`` lines say.
    """

    result: str
    source: str
    type: TensorType
    layout: Layout
    scope: int
    names: tuple[Place, ...]
    why: Why
    freely: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Move:
    """``result`` is ``source`` after one step of the layout algebra.

    ``picoseconds`` is the price by which the step was chosen, ``algorithm`` the price model's name for
    how the collective runs ("" for local steps).
    """

    result: str
    source: str
    step: Step
    type: TensorType
    layout: Layout
    scope: int
    names: tuple[Place, ...]
    why: Why
    picoseconds: int = 0
    algorithm: str = ""


@attrs.frozen(kw_only=True)
class LoopValue:
    """A carried value: one layout at entry, back edge and exit."""

    entry: str
    init: str
    yields: str
    result: str
    type: TensorType
    layout: Layout
    names: tuple[Place, ...] = ()


@attrs.frozen(kw_only=True)
class Loop:
    """A repeat: the body runs ``trips`` times on every GPU; ``around`` as in ``logical.Repeat``."""

    trips: int
    carried: tuple[LoopValue, ...]
    body: tuple[SpmdStatement, ...]
    scope: int
    around: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


SpmdStatement = Compute | Reshard | Move | Loop


@attrs.frozen(kw_only=True, slots=False)
class Spmd:
    """One program for all GPUs of the mesh.

    ``notes`` are findings of partitioning that are no errors: departures, weight gathers, gaps.
    With ``slices`` it is one slice of the step.
    """

    name: str
    dims: tuple[Dim, ...]
    scopes: tuple[Scope, ...]
    mesh: Mesh
    body: tuple[SpmdStatement, ...]
    outputs: tuple[Output, ...]
    plan: Plan
    cluster: Cluster
    notes: tuple[Diagnostic, ...] = ()
    approximations: tuple[Approximation, ...] = ()
    slices: Slices | None = None

    @cached_property
    def sizes(self) -> Sizes:
        """Global size of each leaf dimension."""
        return Sizes.of(self.dims)

    @cached_property
    def layouts(self) -> Mapping[str, Layout]:
        """Layout of each value, carried ones included."""
        layouts: dict[str, Layout] = {}
        for statement in walk(self.body):
            if isinstance(statement, Loop):
                for value in statement.carried:
                    layouts[value.entry] = layouts[value.result] = value.layout
            else:
                layouts[statement.result] = statement.layout
        return layouts

    @cached_property
    def types(self) -> Mapping[str, TensorType]:
        """Global type of each value, carried ones included."""
        types: dict[str, TensorType] = {}
        for statement in walk(self.body):
            if isinstance(statement, Loop):
                for value in statement.carried:
                    types[value.entry] = types[value.result] = value.type
            else:
                types[statement.result] = statement.type
        return types

    @cached_property
    def stored(self) -> Mapping[str, Kept]:
        """What is kept from step to step, and as what."""
        found = (s for s in walk(self.body) if isinstance(s, Compute))
        return {s.result: kept for s in found if (kept := kept_as(s))}

    @cached_property
    def guarded(self) -> Mapping[str, Op]:
        """What is kept, its copies, and what they are after something was put into them: by which operator.

        Nothing of it is gathered unasked.
        """
        found: dict[str, Op] = {}
        for statement in walk(self.body):
            if isinstance(statement, Loop):
                continue
            if kept_as(statement) and isinstance(statement, Compute):
                found[statement.result] = statement.op
            elif (origin := _same_place(statement)) in found:
                found[statement.result] = found[origin]
        return found


def _same_place(statement: Compute | Move | Reshard) -> str:
    """The value of which the result is a copy, or into which it was put; "" if it is a new one."""
    if isinstance(statement, Compute):
        row = OPS.get(statement.op.kind)
        return statement.op.reads[0] if row is not None and row.fills else ""
    return statement.source


def kept_as(statement: SpmdStatement) -> Kept:
    """As what the result of a statement is kept from step to step; "" if it is not."""
    # A fact is checked of programs too whose operators there are none of.
    row = OPS.get(statement.op.kind) if isinstance(statement, Compute) else None
    return "" if row is None else row.kept


def walk(body: tuple[SpmdStatement, ...]) -> Iterator[SpmdStatement]:
    """Every statement of a body, a loop before what is in it."""
    for statement in body:
        yield statement
        if isinstance(statement, Loop):
            yield from walk(statement.body)
