"""Declared values: inputs, weights and states, and the new states at the end of a body."""

from __future__ import annotations

import attrs

from helixc.elaborate.annotations import dims_of, dtype_of
from helixc.elaborate.builder import Builder
from helixc.elaborate.dimensions import Dims, leaves, same, show
from helixc.elaborate.drafts import Names, Operand, Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.ops import Declared
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType


@attrs.define(eq=False)
class StoredValues:
    """Elaborates declarations of values in a body."""

    builder: Builder

    def declare(self, statement: source.Declare, env: Environment) -> None:
        """``weight a, b: type`` and the like."""
        dims = self._dims(statement, env)
        dtype = dtype_of(statement.type.dtype, self.builder.dtype, env)
        for name in statement.names:
            if env.find_value(name.text)[0] and name.text in env.bindings:
                self._wrong("HX0205", f"`{name.text}` is declared twice", name.span)
            elif dims is None or dtype is None:
                env.bind(name, None)
            else:
                value = self._declared(statement.kind, name, dims, dtype)
                env.bind(name, value)
                if statement.kind == "state":
                    env.states.append((name, value))

    def _wrong(self, code: str, message: str, span: source.Span) -> None:
        self.builder.findings.error(code, message, span)

    def _dims(self, statement: source.Declare, env: Environment) -> Dims | None:
        """The dimensions of what is declared, those of ``..`` first; None after findings."""
        written, rest = dims_of(statement.type, env), leaves(env.body.rest)
        if written is None:
            return None
        if statement.kind == "state" and env.body.outer is not None:
            own = leaves(written)
            along = tuple(leaf for leaf in rest if leaf not in own)
            return (*(along if statement.type.rest else ()), *written)
        if statement.type.rest:
            what = f"a {statement.kind} lists its dimensions"
            message = f"`..` stands in parameters, results and states of a layer; {what}"
            self._wrong("HX0313", message, statement.type.span)
            return None
        came_in = quoted(leaf.name for leaf in leaves(written) if leaf in rest)
        if came_in:
            message = f"{came_in} came in by `..`, and a {statement.kind} may not carry that"
            self._wrong("HX0313", message, statement.type.span)
            return None
        return written

    def _declared(self, kind: str, name: source.Name, dims: Dims, dtype: str) -> Value:
        value = self.builder.new_value(dtype, dims)
        value.stored, value.state = True, kind == "state"

        def params(names: Names) -> Declared:
            return Declared(TensorType(dtype, names(dims)))

        self.builder.emit(kind, (), value, name.span, params=params)
        self._call(value, name)
        return value

    def _call(self, value: Value, name: source.Name) -> None:
        """Let a value go by a name and no other."""
        value.base, value.named = name.text, True
        value.names = {Place(self.builder.scope, name.text): None}

    # --- new states

    def keep(self, env: Environment) -> None:
        """At the end of a body: what each state's name is bound to is what the next step sees."""
        for name, old in env.states:
            new = env.bindings.get(name.text)
            if new is not None and new is not old and self._fits(name, old, new):
                self._keep(name, old, new)

    def _keep(self, name: source.Name, old: Value, new: Operand) -> None:
        kept = self.builder.new_value(old.dtype, old.dims)
        self.builder.emit("keep", (new,), kept, name.span)
        self._call(kept, name)

    def _fits(self, name: source.Name, old: Value, new: Operand) -> bool:
        """Whether a new state is of the type of the old one; if not, a finding."""
        before = f"`{name.text}` is kept as {old.dtype}{show(old.dims)}"
        if isinstance(new, Quantity):
            message = f"{before}, and becomes the number {new}"
        elif not same(new.dims, old.dims):
            message = (
                f"{before}, and becomes {new.dtype}{show(new.dims)}; a state keeps its dimensions"
            )
        elif new.dtype != old.dtype:
            message = (
                f"{before}, and becomes {new.dtype}{show(new.dims)}; `{old.dtype}(...)` converts"
            )
        else:
            return True
        self._wrong("HX0308", message, name.span)
        return False
