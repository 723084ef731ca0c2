"""Expressions: numbers are folded, operators on values become statements of the program."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from helixc.elaborate.application import Application, Results
from helixc.elaborate.arrows import Reshaping, places_known
from helixc.elaborate.builder import Builder
from helixc.elaborate.constants import PREDECLARED, evaluate, fold
from helixc.elaborate.declarations import Declarations, Located
from helixc.elaborate.dimensions import Dimension, Dims, show
from helixc.elaborate.drafts import Operand, Value
from helixc.elaborate.elementwise import BINARY, elementwise
from helixc.elaborate.environment import Environment
from helixc.elaborate.operators import OPERATORS, RESHAPINGS, Operator, Reshaper
from helixc.elaborate.units import PLAIN, Quantity
from helixc.elaborate.unknown import report_function, report_option, report_value
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.spelling import did_you_mean

_NOTHING: Results = (None,)
# What one level of an expression, or of a call, costs of the depth that there is.
_LEVEL = 3
_WHERE = ("a condition", "what holds where it is true", "what holds elsewhere")

# Inlines a layer: its declaration, the call, the caller's names.
CallLayer = Callable[[Located, source.Call, Environment], Results]


@attrs.frozen
class Expressions:
    """Evaluates expressions; ``call_layer`` inlines what is no operator."""

    builder: Builder
    declarations: Declarations
    call_layer: CallLayer

    # --- one value

    def operand(self, expr: source.Expr, env: Environment) -> Operand | None:
        """The value or number of an expression; None if it has none, which was reported."""
        match expr:
            case source.Name():
                return self._name(expr, env)
            case source.Number():
                return self._number(expr, env)
            case source.Call():
                results = self.results(expr, env)
                return self._single(expr, results)
            case source.Binary():
                with self.builder.deeper(_LEVEL, expr.span):
                    return self._chain(expr, env)
            case source.Unary():
                with self.builder.deeper(_LEVEL, expr.span):
                    return self._unary(expr, env)

    def _single(self, call: source.Call, results: Results) -> Operand | None:
        if len(results) == 1:
            return results[0]
        name = call.function.text
        message = f"`{name}` gives {plural(len(results), 'value')}; give them names first"
        self.builder.findings.error("HX0219", message, call.span)
        return None

    def _name(self, name: source.Name, env: Environment) -> Operand | None:
        known, value = env.find_value(name.text)
        if known:
            return value
        if name.text in PREDECLARED:
            return PREDECLARED[name.text]
        known, dim = env.find_dim(name)
        if known:
            env.body.uses.setdefault(name.text, name.span)
            return None if dim is None else Quantity(dim.size)
        report_value(name, env)
        return None

    def _number(self, number: source.Number, env: Environment) -> Quantity | None:
        if not number.unit:
            return Quantity(number.value)
        quantity = evaluate(number, env, self.builder.findings)
        if quantity is not None and quantity.unit != PLAIN:
            message = f"a model has plain numbers, and this is {quantity.unit}"
            self.builder.findings.error("HX0315", message, number.span)
            return None
        return quantity

    def _unary(self, expr: source.Unary, env: Environment) -> Operand | None:
        operand = self.operand(expr.operand, env)
        if operand is None:
            return None
        if isinstance(operand, Quantity):
            return fold(expr, (operand,), self.builder.findings)
        kind = "not" if expr.operator == "not" else "neg"
        return elementwise(self.builder, kind, (operand,), expr.span)

    def _chain(self, expr: source.Binary, env: Environment) -> Operand | None:
        """``a + b + c ...``: the left spine is walked, not recursed into, as it may be long."""
        spine = [expr]
        while isinstance(spine[-1].left, source.Binary):
            spine.append(spine[-1].left)
        result = self.operand(spine[-1].left, env)
        for link in reversed(spine):
            right = self.operand(link.right, env)
            result = None if result is None or right is None else self._binary(link, result, right)
        return result

    def _binary(self, expr: source.Binary, left: Operand, right: Operand) -> Operand | None:
        if isinstance(left, Quantity) and isinstance(right, Quantity):
            return fold(expr, (left, right), self.builder.findings)
        return elementwise(self.builder, BINARY[expr.operator], (left, right), expr.span)

    # --- calls

    def results(self, expr: source.Expr, env: Environment) -> Results:
        """All values of an expression: several only of a layer or of ``split``."""
        if not isinstance(expr, source.Call):
            return (self.operand(expr, env),)
        with self.builder.deeper(_LEVEL, expr.span):
            return self._call(expr, env)

    def _call(self, call: source.Call, env: Environment) -> Results:
        name = call.function.text
        layer = self.declarations.one("layer", call.function, env.file)
        if layer is not None:
            return self.call_layer(layer, call, env)
        if name == "where":
            return (self._where(call, env),)
        if name in RESHAPINGS:
            return self._reshape(call, RESHAPINGS[name], env)
        if name in OPERATORS:
            return self._operator(call, OPERATORS[name], env)
        self.arguments(call, env)
        report_function(call.function, self.declarations.visible("layer", env.file), env)
        return _NOTHING

    def arguments(self, call: source.Call, env: Environment) -> tuple[Operand | None, ...]:
        """The arguments that stand by position, evaluated."""
        return tuple(
            self.operand(argument, env)
            for argument in call.arguments
            if not isinstance(argument, source.Keyword | source.Arrow)
        )

    def _operator(self, call: source.Call, operator: Operator, env: Environment) -> Results:
        operands = self.arguments(call, env)
        named = self._keyed(call, env, operator.named)
        keywords = self._options(call, operator.options, env, operator.named)
        over = self._over(call, operands, env) if operator.over else self._no_over(call)
        known = tuple(operand for operand in operands if operand is not None)
        if len(known) < len(operands) or keywords is None or over is None or named is None:
            return _NOTHING
        if any(isinstance(argument, source.Arrow) for argument in call.arguments):
            message = f"`{call.function.text}` changes no dimensions; `->` stands in `rename`"
            self.builder.findings.error("HX0314", message, call.span)
            return _NOTHING
        numbers = tuple(operand for operand in known if isinstance(operand, Quantity))
        if operator.folds and not over and len(numbers) == len(known):
            return (fold(call, numbers, self.builder.findings),)
        behind = {keyword.name.text: operand for keyword, operand in named}
        return operator.apply(Application(self.builder, call, known, over, keywords, behind))

    def _options(
        self,
        call: source.Call,
        legal: tuple[str, ...],
        env: Environment,
        operands: tuple[str, ...] = (),
    ) -> dict[str, Quantity] | None:
        """The numbers given by name; None after findings.  Names of ``operands`` are left out."""
        found: dict[str, Quantity] = {}
        fine = True
        for argument in call.arguments:
            if not isinstance(argument, source.Keyword) or argument.name.text in operands:
                continue
            name = argument.name
            if name.text not in legal:
                report_option(name, call, legal + operands, env)
                fine = False
                continue
            number = self.number(argument.value, env)
            fine = fine and number is not None
            if number is not None:
                found[name.text] = number
        return found if fine else None

    def number(self, expr: source.Expr, env: Environment) -> Quantity | None:
        """The value of an expression that must be known when compiling."""
        operand = self.operand(expr, env)
        if isinstance(operand, Value):
            message = "this must be a number, `true` or `false`, known when compiling"
            self.builder.findings.error("HX0315", message, expr.span)
            return None
        return operand

    def _no_over(self, call: source.Call) -> Dims | None:
        """() for an operator that takes no ``over``; None, and a finding, if one is there."""
        if not call.over:
            return ()
        message = f"`{call.function.text}` takes no `over`"
        self.builder.findings.error("HX0314", message, call.over[0].span)
        return None

    def _over(
        self, call: source.Call, operands: tuple[Operand | None, ...], env: Environment
    ) -> Dims | None:
        """The dimensions after ``over``; None after a finding."""
        found = [self._over_dim(name, operands, env) for name in call.over]
        dims = tuple(dim for dim in found if dim is not None)
        if len(set(dims)) < len(dims):
            message = f"a dimension stands twice after `over`: {show(dims)}"
            self.builder.findings.error("HX0310", message, call.over[0].span)
            return None
        return dims if len(dims) == len(found) else None

    def _over_dim(
        self, name: source.Name, operands: tuple[Operand | None, ...], env: Environment
    ) -> Dimension | None:
        known, dim = env.use_dim(name)
        if not known:
            types = [show(operand.dims) for operand in operands if isinstance(operand, Value)]
            message = f"no dimension `{name.text}` here"
            message += f"; the operand is {' and '.join(types)}" if types else ""
            message += did_you_mean(name.text, env.dim_names())
            if message[-1] != "?":
                message += f"; `rename(..., d -> {name.text})` makes one of another dimension `d`"
            self.builder.findings.error("HX0202", message, name.span, legal=env.dim_names())
        if dim is not None and not places_known(self.builder.findings, dim, name):
            return None
        return dim

    def _reshape(self, call: source.Call, reshaper: Reshaper, env: Environment) -> Results:
        arrows = tuple(a for a in call.arguments if isinstance(a, source.Arrow))
        operands = () if call.function.text == "index" else self.arguments(call, env)
        keyed = self._keyed(call, env) if reshaper.keyed else ()
        options = {} if reshaper.keyed else self._options(call, (), env)
        over = () if reshaper.over else self._no_over(call)
        known = tuple(operand for operand in operands if operand is not None)
        if len(known) < len(operands) or None in (keyed, options, over):
            return _NOTHING
        use = Application(self.builder, call, known)
        return reshaper.apply(Reshaping(use, arrows, env, keyed or ()))

    def _keyed(
        self, call: source.Call, env: Environment, names: tuple[str, ...] | None = None
    ) -> tuple[tuple[source.Keyword, Operand], ...] | None:
        """What stands as ``name = operand``, evaluated; None after a finding.  ``names``: only these."""
        keywords = [a for a in call.arguments if isinstance(a, source.Keyword)]
        keywords = [k for k in keywords if names is None or k.name.text in names]
        found = [(keyword, self.operand(keyword.value, env)) for keyword in keywords]
        known = tuple((keyword, value) for keyword, value in found if value is not None)
        return known if len(known) == len(found) else None

    # --- where

    def _where(self, call: source.Call, env: Environment) -> Operand | None:
        """``where(c, a, b)``; with an option as ``c`` one side is elaborated, the other is not."""
        plain = [a for a in call.arguments if not isinstance(a, source.Keyword | source.Arrow)]
        if len(plain) != len(_WHERE) or len(plain) != len(call.arguments) or call.over:
            message = f"`where` takes {', '.join(_WHERE)}"
            self.builder.findings.error("HX0211", message, call.span)
            return None
        condition = self.operand(plain[0], env)
        if isinstance(condition, Quantity):
            return self._chosen(condition, plain, env)
        sides = [self.operand(side, env) for side in plain[1:]]
        known = [side for side in sides if side is not None]
        if condition is None or len(known) < len(sides):
            return None
        return elementwise(self.builder, "where", (condition, *known), call.span)

    def _chosen(
        self, condition: Quantity, plain: list[source.Expr], env: Environment
    ) -> Operand | None:
        if condition.truth is None:
            message = f"`where` chooses by true or false, and this is {condition}"
            self.builder.findings.error("HX0315", message, plain[0].span)
            return None
        return self.operand(plain[1 if condition.truth else 2], env)
