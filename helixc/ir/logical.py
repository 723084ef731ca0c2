"""Level 1, what is computed: typed SSA over leaf dimensions, no devices.

    program = dims, scopes, body, outputs, plan, cluster
    body    = { op | repeat }
    op      = result, kind, operands, over, params, type
    repeat  = trips, carried values, body

Layers are inlined; a ``repeat`` stays one region however often it turns.  Values are names, unique in
the program.  ``Scope`` remembers which call or repeat a value came from, because plans, reports and
drawings speak of layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal

import attrs

from helixc.diagnostics import NOWHERE, Diagnostic, Span
from helixc.ir.hardware import Cluster
from helixc.ir.ops import OPS, Op
from helixc.ir.plan import Approximation, Place, Plan, Slices
from helixc.ir.tensor import Dim, Sizes, TensorType

ScopeKind = Literal["model", "layer", "repeat"]
# The phase of a model that writes none.
FORWARD = "forward"


def phase_of(name: str) -> str:
    """The phase in the name of a program, ``model.phase``; "" where the model writes none."""
    return name.partition(".")[2]


@attrs.frozen
class NamedDim:
    """A dimension name as visible in a scope, and the leaves it stands for, outermost first."""

    name: str
    leaves: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Scope:
    """A region of the source that was inlined: the model, a call of a layer, a run of turns.

    ``parent`` is -1 for the model, which is scope 0.  ``call`` counts the calls of one layer name in
    the parent.  ``first`` and ``turns`` give the run of turns of a repeat (1 for others), counted
    through all repeats of one name in the same body.  ``dims`` are the names declared here.
    """

    id: int
    parent: int
    kind: ScopeKind
    name: str
    call: int = 0
    first: int = 0
    turns: int = 1
    dims: tuple[NamedDim, ...] = ()
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Carried:
    """A value that goes round a repeat: ``entry`` inside starts as ``init`` and becomes ``yields``."""

    entry: str
    init: str
    yields: str
    result: str
    type: TensorType
    names: tuple[Place, ...] = ()

    @property
    def home(self) -> Place:
        """The scope and name to which the carried value belongs."""
        return self.names[0]


@attrs.frozen(kw_only=True)
class Repeat:
    """One region, executed ``trips`` times.  Weights declared inside exist once per turn.

    ``around``: it goes round this leaf, and turns once for each element but one; "" if it does not.
    """

    trips: int
    carried: tuple[Carried, ...]
    body: tuple[Statement, ...]
    scope: int
    around: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


Statement = Op | Repeat


@attrs.frozen
class Output:
    """A result of the model: the name in the source and the value."""

    name: str
    value: str
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen(kw_only=True, slots=False)
class Logical:
    """A model made concrete, with the plan and the cluster it was compiled for.

    ``name`` is the model's; of a model that has phases it is ``model.phase``.
    With ``slices`` it is one slice of the step, and the step runs it that many times.
    ``notes`` are findings of elaboration that are no errors; they are no part of the meaning.
    """

    name: str
    dims: tuple[Dim, ...]
    scopes: tuple[Scope, ...]
    body: tuple[Statement, ...]
    outputs: tuple[Output, ...]
    plan: Plan
    cluster: Cluster
    approximations: tuple[Approximation, ...] = ()
    slices: Slices | None = None
    notes: tuple[Diagnostic, ...] = attrs.field(default=(), eq=False, repr=False)

    @cached_property
    def sizes(self) -> Sizes:
        """Global size of each leaf dimension."""
        return Sizes.of(self.dims)

    @cached_property
    def types(self) -> Mapping[str, TensorType]:
        """Type of each value, carried ones included."""
        types: dict[str, TensorType] = {}
        for statement in walk(self.body):
            if isinstance(statement, Op):
                types[statement.result] = statement.type
            else:
                for carried in statement.carried:
                    types[carried.entry] = types[carried.result] = carried.type
        return types

    @cached_property
    def makers(self) -> Mapping[str, Op]:
        """The operator that makes each value; carried values have none."""
        return {s.result: s for s in walk(self.body) if isinstance(s, Op)}

    @cached_property
    def stored(self) -> Mapping[str, Op]:
        """What is kept from step to step, by value."""
        return {v: op for v, op in self.makers.items() if OPS[op.kind].kept}

    @cached_property
    def guarded(self) -> Mapping[str, Op]:
        """What is kept, under the names that it has after something was put into it too.

        It is never gathered unasked.
        """
        found = dict(self.stored)
        for value, op in self.makers.items():
            if OPS[op.kind].fills and op.reads[0] in found:
                found[value] = found[op.reads[0]]
        return found


def walk(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement of a body, a repeat before what is in it."""
    for statement in body:
        yield statement
        if isinstance(statement, Repeat):
            yield from walk(statement.body)


def ancestors(scopes: tuple[Scope, ...], scope: int) -> Iterator[int]:
    """A scope and the scopes around it, innermost first; it ends even where they form no tree."""
    while 0 <= scope < len(scopes):
        yield scope
        parent = scopes[scope].parent
        scope = parent if parent < scope else -1
