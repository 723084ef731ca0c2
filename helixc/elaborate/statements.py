"""Statements of models and layers, one after the other.

The parser has seen to it that each stands where it may: an ``output`` in a model, a ``return`` in a layer.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from helixc.diagnostics import Note
from helixc.elaborate.application import Results
from helixc.elaborate.builder import Builder
from helixc.elaborate.drafts import DraftOutput, Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.expressions import Expressions
from helixc.elaborate.settings import Settings, declare_dims
from helixc.elaborate.stored import StoredValues
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.plan import Place

RunRepeat = Callable[[source.RepeatStmt, tuple[source.Stmt, ...], Environment], None]


@attrs.define(eq=False)
class Statements:
    """Runs bodies; ``settings`` are sizes that override what the model, or a layer, says."""

    builder: Builder
    expressions: Expressions
    repeat: RunRepeat
    settings: Settings
    stored: StoredValues

    def run(self, body: tuple[source.Stmt, ...], env: Environment) -> Results | None:
        """Elaborate a body; what it returns, None if it has no ``return``."""
        results: Results | None = None
        env.statements = body
        for position, statement in enumerate(body):
            if results is not None:
                self._wrong("HX0216", "nothing can stand after `return`", statement.span)
                break
            if isinstance(statement, source.ReturnStmt):
                results = self._return(statement, env)
            else:
                self._statement(statement, body[position + 1 :], env)
        self.stored.keep(env)
        return results

    def _wrong(self, code: str, message: str, span: source.Span) -> None:
        self.builder.findings.error(code, message, span)

    def _statement(
        self, statement: source.Stmt, rest: tuple[source.Stmt, ...], env: Environment
    ) -> None:
        match statement:
            case source.Assign():
                self._assign(statement, env)
            case source.Dims():
                settings = self.settings.layers if env.outer is not None else self.settings.models
                declare_dims(statement, env, settings)
            case source.Declare():
                self.stored.declare(statement, env)
            case source.RepeatStmt():
                self.repeat(statement, rest, env)
            case source.OutputStmt():
                self._output(statement, env)
            case source.DTypeStmt() | source.ReturnStmt():
                pass
            case source.PhaseStmt() | source.MinimizeStmt():
                pass

    # --- values

    def _assign(self, statement: source.Assign, env: Environment) -> None:
        names = [name.text for name in statement.targets if name.text != "_"]
        first = names[0] if names else ""
        results = self._evaluate(statement.value, first, env)
        targets = statement.targets
        if len(results) != len(targets) and None not in results:
            message = f"{plural(len(results), 'value')} here, and {plural(len(targets), 'name')}; "
            self._wrong("HX0219", message + "`_` discards one", statement.span)
            results = (None,) * len(targets)
        elif len(results) != len(targets):
            results = (None,) * len(targets)
        for name, value in zip(targets, results, strict=True):
            # Each of several results goes by its own name, not by that of the first.
            if isinstance(value, Value) and not value.named and name.text not in ("_", first):
                value.drop_name(Place(self.builder.scope, first))
            self._bind(name, value, env)

    def _evaluate(self, expr: source.Expr, statement: str, env: Environment) -> Results:
        """The values of an expression; unnamed ones go by the statement's name."""
        self.builder.statement = statement
        results = self.expressions.results(expr, env)
        self.builder.statement = ""
        return results

    def _bind(self, name: source.Name, value: Operand | None, env: Environment) -> None:
        env.bind(name, value)
        if isinstance(value, Value) and name.text != "_":
            value.add_name(Place(self.builder.scope, name.text))
            if not value.named:
                value.base, value.named = name.text, True

    def _return(self, statement: source.ReturnStmt, env: Environment) -> Results:
        if len(statement.values) == 1:
            return self._evaluate(statement.values[0], "", env)
        return tuple(self.expressions.operand(value, env) for value in statement.values)

    # --- outputs

    def _output(self, statement: source.OutputStmt, env: Environment) -> None:
        for item in statement.items:
            if item.value is None:
                value = self.expressions.operand(item.name, env)
            else:
                results = self._evaluate(item.value, item.name.text, env)
                value = results[0] if len(results) == 1 else None
                self._bind(item.name, value, env)
                if len(results) > 1:
                    message = f"{plural(len(results), 'value')} here, and one output"
                    self._wrong("HX0219", message, item.value.span)
            self._add_output(item.name, value)

    def _add_output(self, name: source.Name, value: Operand | None) -> None:
        if isinstance(value, Quantity):
            self._wrong("HX0315", f"`{name.text}` is the number {value}, no value", name.span)
        for output in self.builder.outputs:
            if output.name == name.text:
                note = Note("first here", output.span)
                message = f"`{name.text}` is an output twice"
                self.builder.findings.error("HX0205", message, name.span, notes=[note])
                return
        if isinstance(value, Value):
            self.builder.outputs.append(DraftOutput(name.text, value, name.span))
