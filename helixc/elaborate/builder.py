"""The program under construction: where the next operator goes, and how much there may be."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import prod

import attrs

from helixc.diagnostics import Findings, Span
from helixc.elaborate.dimensions import Dims, leaves
from helixc.elaborate.drafts import (
    DraftOp,
    DraftOutput,
    DraftRepeat,
    DraftScope,
    DraftStatement,
    Names,
    Operand,
    Route,
    Value,
)
from helixc.elaborate.wording import plural, some
from helixc.ir.ops import Params
from helixc.ir.plan import Place
from helixc.limits import MAX_ELEMENTS

# Operators, calls and runs of turns that a program may come to when its layers are inlined.
MOST_STATEMENTS = 50_000
# Dimensions of one value, factors counted singly.
MOST_DIMS = 256
# Levels of expressions, calls and repeats, each counted by what it costs the evaluator.
DEEPEST = 600


class Stop(Exception):
    """Unwinds the elaboration after a limit was reached; the finding is recorded already."""


@attrs.define(eq=False)
class Builder:
    """Collects scopes, operators and findings.

    ``scope`` is where statements are written now, ``statement`` the name that the present one binds
    ("" for a ``return``), ``owner`` what unnamed values are called after.
    """

    findings: Findings
    scopes: list[DraftScope] = attrs.field(factory=list[DraftScope])
    body: list[DraftStatement] = attrs.field(factory=list[DraftStatement])
    outputs: list[DraftOutput] = attrs.field(factory=list[DraftOutput])
    routes: list[Route] = attrs.field(factory=list[Route])
    dtype: str = "bf16"
    scope: int = 0
    statement: str = ""
    owner: str = ""
    serial: int = 0
    depth: int = 0
    statements: int = 0

    def add_scope(self, scope: DraftScope) -> None:
        """Add a scope and number it."""
        self._count(scope.span)
        scope.id = len(self.scopes)
        self.scopes.append(scope)

    def new_value(self, dtype: str, dims: Dims, *, position: bool = False) -> Value:
        """A value without a name; its dimensions are in use from here on."""
        for dim in dims:
            dim.fresh = False
        self.serial += 1
        return Value(dtype, dims, self.serial, position=position)

    def emit(
        self,
        kind: str,
        operands: tuple[Operand, ...],
        result: Value,
        span: Span,
        *,
        over: Dims = (),
        params: Callable[[Names], Params] | Params = None,
    ) -> Value:
        """Add an operator whose result goes by the name of the present statement."""
        self._count(span)
        self._measure(leaves(result.dims), span)
        result.base = f"{self.statement or self.owner}.{kind}"
        if self.statement:
            result.add_name(Place(self.scope, self.statement))
        self.body.append(DraftOp(result, kind, operands, over, params, self.scope, span))
        return result

    def _measure(self, dims: Dims, span: Span) -> None:
        """Refuse a value that has too many dimensions, or that is too large."""
        if len(dims) > MOST_DIMS:
            message = f"a value has at most {MOST_DIMS} dimensions"
            self.findings.error("HX0316", message, span)
            raise Stop
        elements = prod(dim.size for dim in dims)
        if elements > MAX_ELEMENTS:
            sizes = some([f"{dim.name} = {dim.size}" for dim in dims if dim.size > 1])
            message = f"a value has at most 2^80 elements, but this one is over {sizes}"
            self.findings.error("HX0305", message, span)
            raise Stop

    def _count(self, span: Span) -> None:
        self.statements += 1
        if self.statements > MOST_STATEMENTS:
            message = f"inlined, this program has more than {plural(MOST_STATEMENTS, 'statement')}"
            self.findings.error("HX0220", message, span)
            raise Stop

    @contextmanager
    def deeper(self, cost: int, span: Span) -> Generator[None]:
        """Go ``cost`` levels deeper; refuse what is nested beyond all reason."""
        self.depth += cost
        if self.depth > DEEPEST:
            message = "layers, repeats and expressions are nested too deeply here: at most "
            message += f"{DEEPEST} levels, of which a call takes 7, a repeat 5, an expression 3"
            self.findings.error("HX0220", message, span)
            raise Stop
        yield
        self.depth -= cost

    @contextmanager
    def inside(self, scope: int, owner: str) -> Generator[None]:
        """Write into another scope for a while."""
        before = (self.scope, self.statement, self.owner)
        self.scope, self.statement, self.owner = scope, "", owner
        yield
        self.scope, self.statement, self.owner = before

    @contextmanager
    def into(self, repeat: DraftRepeat) -> Generator[None]:
        """Write into the body of a repeat for a while."""
        before = self.body
        self.body.append(repeat)
        self.body = repeat.body
        yield
        self.body = before
