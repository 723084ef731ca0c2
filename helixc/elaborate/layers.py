"""Layers are inlined: the body of a layer takes the place of its call."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from helixc.diagnostics import Note
from helixc.elaborate.annotations import result_fits
from helixc.elaborate.application import Results
from helixc.elaborate.bindings import (
    LayerCall,
    arguments,
    bind_dims,
    bind_options,
    bind_values,
)
from helixc.elaborate.builder import Builder
from helixc.elaborate.declarations import Located
from helixc.elaborate.drafts import DraftScope, Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.expressions import Expressions
from helixc.elaborate.uses import Uses
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.plan import Place

# Runs the statements of a body; what it returns, None if it has no ``return``.
RunBody = Callable[[tuple[source.Stmt, ...], Environment], Results | None]
# What a call costs of the depth that there is, beyond its expression.
_LEVEL = 7


@attrs.define(eq=False)
class Layers:
    """Inlines layers; ``active`` are the calls that are being inlined, outermost first."""

    builder: Builder
    uses: Uses
    expressions: Expressions
    run: RunBody
    active: list[LayerCall] = attrs.field(factory=list[LayerCall])

    def inline(self, layer: Located, call: source.Call, caller: Environment) -> Results:
        """The values that a call of a layer gives; None for each where there were findings."""
        declaration = layer.declaration
        if not isinstance(declaration, source.Layer):
            return (None,)
        use = LayerCall(layer.file, declaration, call, caller)
        nothing = (None,) * max(1, len(declaration.results or ()))
        if self._recurs(use):
            return nothing
        values = arguments(use, self.expressions)
        env = self._environment(use)
        if values is None or env is None:
            return nothing
        bind_options(use, env, self.expressions)
        if not bind_values(use, values, env):
            return nothing
        return self._body(use, env) or nothing

    def _recurs(self, use: LayerCall) -> bool:
        chain = [active.declaration for active in self.active]
        start = next((i for i, d in enumerate(chain) if d is use.declaration), None)
        if start is None:
            return False
        calls = [active.call for active in self.active[start + 1 :]] + [use.call]
        path = " calls ".join(f"`{d.name.text}`" for d in (*chain[start:], use.declaration))
        lines = ", ".join(str(call.span.line) for call in calls)
        message = f"{path} ({'lines' if len(calls) > 1 else 'line'} {lines}): "
        message += "layers are inlined and cannot recurse"
        notes = [Note("called here", call.span) for call in calls[:-1]]
        self.builder.findings.error("HX0208", message, use.call.span, notes=notes)
        return True

    def _environment(self, use: LayerCall) -> Environment | None:
        """The names of the call, in a scope of its own; None after findings."""
        parent = self.builder.scopes[self.builder.scope]
        count = parent.calls.get(use.name, 0)
        scope = DraftScope(parent.id, "layer", use.name, call=count, span=use.call.span)
        env = Environment(use.name, use.file, use.caller.files, scope, outer=use.caller)
        if not bind_dims(use, env, self.uses):
            return None
        parent.calls[use.name] = count + 1
        self.builder.add_scope(scope)
        return env

    def _body(self, use: LayerCall, env: Environment) -> Results | None:
        before = self.builder.serial
        self.active.append(use)
        with (
            self.builder.deeper(_LEVEL, use.call.span),
            self.builder.findings.called(use.name, use.call.span),
            self.builder.inside(env.scope.id, use.name),
        ):
            results = self.run(use.declaration.body, env)
        self.active.pop()
        if results is None:
            message = f"`{use.name}` needs a `return` as its last statement"
            self.builder.findings.error("HX0217", message, use.declaration.name.span)
            return None
        results = _as_promised(use, results, env)
        self._name(results, before)
        return results

    def _name(self, results: Results, before: int) -> None:
        """What a layer made and returns is at home where the call stands."""
        home = Place(self.builder.scope, self.builder.statement)
        for result in results:
            if isinstance(result, Value) and result.serial > before and not result.stored:
                result.add_name(home, first=True)
                result.named = False


def _as_promised(use: LayerCall, results: Results, env: Environment) -> Results:
    """The results as the header promises them; None for one that is not."""
    promised = use.declaration.results
    if promised is None:
        return results
    statement = use.declaration.body[-1]
    if len(results) != len(promised):
        message = f"`{use.name}` returns {plural(len(results), 'value')}, its header promises "
        env.findings.error("HX0307", message + str(len(promised)), statement.span)
        return (None,) * len(promised)
    checked: list[Operand | None] = []
    for value, type_ in zip(results, promised, strict=True):
        fits = isinstance(value, Value) and result_fits(value, type_, env, statement.span)
        checked.append(value if fits else None)
    return tuple(checked)
