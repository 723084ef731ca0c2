"""Statements of models and layers, one after the other.

The parser has seen to it that each stands where it may: an ``output`` in a model, a ``return`` in a layer.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from helixc.diagnostics import Note
from helixc.elaborate.annotations import dims_of, dtype_of
from helixc.elaborate.application import Results
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dims, leaves
from helixc.elaborate.drafts import DraftOutput, Names, Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.expressions import Expressions
from helixc.elaborate.later import refuse
from helixc.elaborate.settings import Settings, declare_dims
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import plural, quoted
from helixc.ir import source
from helixc.ir.ops import Declared
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType

RunRepeat = Callable[[source.RepeatStmt, tuple[source.Stmt, ...], Environment], None]


@attrs.define(eq=False)
class Statements:
    """Runs bodies; ``settings`` are sizes that override what the model, or a layer, says."""

    builder: Builder
    expressions: Expressions
    repeat: RunRepeat
    settings: Settings

    def run(self, body: tuple[source.Stmt, ...], env: Environment) -> Results | None:
        """Elaborate a body; what it returns, None if it has no ``return``."""
        results: Results | None = None
        for position, statement in enumerate(body):
            if results is not None:
                self._wrong("HX0216", "nothing can stand after `return`", statement.span)
                break
            if isinstance(statement, source.ReturnStmt):
                results = self._return(statement, env)
            else:
                self._statement(statement, body[position + 1 :], env)
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
                self._declare(statement, env)
            case source.RepeatStmt():
                self.repeat(statement, rest, env)
            case source.OutputStmt():
                self._output(statement, env)
            case source.DTypeStmt() | source.ReturnStmt():
                pass
            case source.PhaseStmt() | source.MinimizeStmt():
                pass

    # --- inputs and weights

    def _declare(self, statement: source.Declare, env: Environment) -> None:
        if statement.kind == "state":
            refuse("state", statement.span, self.builder.findings)
            for name in statement.names:
                env.bind(name, None)
            return
        dims = dims_of(statement.type, env)
        dtype = dtype_of(statement.type.dtype, self.builder.dtype, env)
        fine = dims is not None and dtype is not None and self._storable(statement, dims, env)
        for name in statement.names:
            if env.find_value(name.text)[0] and name.text in env.bindings:
                self._wrong("HX0205", f"`{name.text}` is declared twice", name.span)
            elif not fine or dims is None or dtype is None:
                env.bind(name, None)
            else:
                self._stored(statement, name, dims, dtype, env)

    def _storable(self, statement: source.Declare, dims: Dims, env: Environment) -> bool:
        if statement.type.rest:
            message = (
                f"`..` stands in parameters and results; a {statement.kind} lists its dimensions"
            )
            self._wrong("HX0313", message, statement.type.span)
            return False
        came_in = quoted(leaf.name for leaf in leaves(dims) if leaf in leaves(env.body.rest))
        if came_in:
            message = f"{came_in} came in by `..`, and a {statement.kind} may not carry that"
            self._wrong("HX0313", message, statement.type.span)
            return False
        return True

    def _stored(
        self,
        statement: source.Declare,
        name: source.Name,
        dims: Dims,
        dtype: str,
        env: Environment,
    ) -> None:
        value = self.builder.new_value(dtype, dims)
        value.stored = value.named = True

        def params(names: Names) -> Declared:
            return Declared(TensorType(dtype, names(dims)))

        self.builder.emit(statement.kind, (), value, name.span, params=params)
        value.base = name.text
        value.names = {Place(self.builder.scope, name.text): None}
        env.bind(name, value)

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
