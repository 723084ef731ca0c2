"""What a call of a layer binds: dimensions by name, ``over``, options, and values by position."""

from __future__ import annotations

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.annotations import argument_fits
from helixc.elaborate.declarations import Located
from helixc.elaborate.dimensions import Dimension, leaves
from helixc.elaborate.drafts import Value
from helixc.elaborate.environment import Environment
from helixc.elaborate.expressions import Expressions
from helixc.elaborate.sizes import size
from helixc.elaborate.units import Quantity
from helixc.elaborate.uses import Uses
from helixc.elaborate.wording import plural, quoted
from helixc.ir import source
from helixc.ir.plan import Place
from helixc.spelling import did_you_mean


@attrs.frozen
class LayerCall:
    """A call of a layer: the declaration and its file, the call, the caller's names."""

    file: str
    declaration: source.Layer
    call: source.Call
    caller: Environment

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.declaration.name.text

    @property
    def findings(self) -> Findings:
        """Where mistakes go."""
        return self.caller.findings

    @property
    def params(self) -> tuple[tuple[source.Name, source.TypeExpr], ...]:
        """The parameters that are values, and their types."""
        return tuple((p.name, p.type) for p in self.declaration.params if p.type is not None)

    @property
    def options(self) -> tuple[tuple[source.Name, source.Expr], ...]:
        """The parameters that are numbers, and their defaults."""
        return tuple((p.name, p.default) for p in self.declaration.params if p.default is not None)

    @property
    def keywords(self) -> tuple[source.Keyword, ...]:
        """What the call gives by name."""
        return tuple(a for a in self.call.arguments if isinstance(a, source.Keyword))

    def wrong(self, code: str, message: str, span: source.Span) -> None:
        """Record an error, and where the layer is declared."""
        note = Note("declared here", self.declaration.name.span)
        self.findings.error(code, message, span, notes=[note])


def arguments(use: LayerCall, expressions: Expressions) -> tuple[Value, ...] | None:
    """The values given by position; None after findings."""
    operands = expressions.arguments(use.call, use.caller)
    if len(operands) != len(use.params):
        wanted = quoted(name.text for name, _ in use.params)
        message = f"`{use.name}` takes {plural(len(use.params), 'value')} by position"
        message += f" ({wanted}), not {len(operands)}" if wanted else f", not {len(operands)}"
        use.wrong("HX0211", message, use.call.span)
        return None
    arrow = next((a for a in use.call.arguments if isinstance(a, source.Arrow)), None)
    if arrow is not None:
        use.wrong("HX0314", "a layer takes no `->`", arrow.span)
        return None
    for operand, (name, _) in zip(operands, use.params, strict=True):
        if isinstance(operand, Quantity):
            message = f"`{name.text}` of `{use.name}` is a value, and this is the number {operand}"
            use.wrong("HX0315", message, use.call.span)
    values = tuple(operand for operand in operands if isinstance(operand, Value))
    return values if len(values) == len(operands) else None


def bind_dims(use: LayerCall, env: Environment, uses: Uses) -> bool:
    """Bind what the call gives by name and what it names after ``over``; whether all is legal."""
    options = {name.text for name, _ in use.options}
    seen: set[str] = set()
    fine = True
    for keyword in use.keywords:
        name = keyword.name
        if name.text in seen:
            use.findings.error("HX0210", f"`{name.text}` is given twice", name.span)
            fine = False
        elif name.text not in options:
            fine = _bind_dim(use, keyword, env, uses) and fine
        seen.add(name.text)
    env.bound = frozenset(seen - options)
    return _bind_over(use, env) and fine


def _bind_dim(use: LayerCall, keyword: source.Keyword, env: Environment, uses: Uses) -> bool:
    name = keyword.name
    known = uses.of(Located(use.file, use.declaration))
    if name.text not in known:
        legal = (*(option.text for option, _ in use.options), *sorted(known))
        message = f"`{use.name}` has neither option nor dimension `{name.text}`"
        message += did_you_mean(name.text, legal)
        use.findings.error("HX0210", message, name.span, legal=legal)
        return False
    if isinstance(keyword.value, source.Name) and use.caller.find_dim(keyword.value)[0]:
        dim = use.caller.dim(keyword.value)
    else:
        count = size(keyword.value, use.caller, use.findings)
        dim = None if count is None else Dimension(name.text, count, name.span)
    env.declare_dim(name, dim)
    return dim is not None


def _bind_over(use: LayerCall, env: Environment) -> bool:
    names = use.declaration.over
    if len(use.call.over) != len(names):
        wanted = plural(len(names), "dimension")
        message = f"`{use.name}` takes {wanted} after `over`, not {len(use.call.over)}"
        use.wrong("HX0211", message, use.call.span)
        return False
    found = [use.caller.dim(name) for name in use.call.over]
    for name, dim in zip(names, found, strict=True):
        env.declare_dim(name, dim)
    return all(dim is not None for dim in found)


def bind_options(use: LayerCall, env: Environment, expressions: Expressions) -> None:
    """Bind options as given by name, else to their defaults, which may use what is bound before."""
    given = {keyword.name.text: keyword.value for keyword in use.keywords}
    for name, default in use.options:
        if name.text in given:
            value = expressions.number(given[name.text], use.caller)
        else:
            value = expressions.number(default, env)
        env.bind(name, value)


def bind_values(use: LayerCall, values: tuple[Value, ...], env: Environment) -> bool:
    """Bind the parameters; whether every argument is of its parameter's type."""
    written = [a for a in use.call.arguments if not isinstance(a, source.Keyword | source.Arrow)]
    rest: dict[Dimension, None] = {}
    fine = True
    for (name, type_), value, argument in zip(use.params, values, written, strict=True):
        what = f"`{name.text}` of `{use.name}`"
        fine = argument_fits(value, type_, what, env, argument.span) and fine
        named: set[Dimension] = set()
        for dim_name in type_.dims:
            _, dim = env.find_dim(dim_name)
            if dim is not None:
                env.scope.dims.setdefault(dim_name.text, dim)
                named.update(leaves((dim,)))
        rest.update(dict.fromkeys(leaf for leaf in leaves(value.dims) if leaf not in named))
        env.bind(name, value)
        value.add_name(Place(env.scope.id, name.text))
    env.rest = tuple(rest)
    return fine
