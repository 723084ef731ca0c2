"""Compile-time arithmetic: sizes, options and figures of hardware, with units.

``evaluate`` never raises for what a user wrote and never takes long: whole numbers end at 2^80, powers
are measured before they are computed, nesting is bounded.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from helixc.diagnostics import Findings, Span
from helixc.elaborate.arithmetic import FUNCTIONS, function, power
from helixc.elaborate.units import (
    LARGEST_WHOLE,
    PLAIN,
    UNITS,
    Quantity,
    Value,
    shorten,
    with_unit,
)
from helixc.ir import source
from helixc.spelling import did_you_mean

# A name that is known but whose value could not be found stands as None: it was reported already.
Environment = Mapping[str, Quantity | None]

PREDECLARED: Environment = {
    "true": Quantity(True),
    "false": Quantity(False),
    "inf": Quantity(math.inf),
}

_DEEPEST = 120
_COMPARISONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _WrongError(Exception):
    """Unwinds one evaluation after its finding was recorded."""


def evaluate(expr: source.Expr, environment: Environment, findings: Findings) -> Quantity | None:
    """The value of a compile-time expression; None if it has none, which is then among the findings.

    Names are looked up in ``environment``, then among ``true``, ``false`` and ``inf``.  A quotient of
    whole numbers that does not come out whole is a ``Fraction``, so the caller can say so.
    """
    try:
        return _Evaluator(environment, findings).value(expr, 0)
    except _WrongError:
        return None


def fold(
    expr: source.Unary | source.Binary | source.Call,
    operands: Sequence[Quantity],
    findings: Findings,
) -> Quantity | None:
    """The value of one operator or function of numbers that are known; None, and a finding, if none.

    Here infinity is a number as good as any: ``-inf`` is what a mask puts in.
    """
    try:
        return _Evaluator({}, findings).applied(expr, operands)
    except _WrongError:
        return None


class _Evaluator:
    """One evaluation: the names it sees and where its findings go."""

    def __init__(self, environment: Environment, findings: Findings) -> None:
        self._environment = environment
        self._findings = findings

    def wrong(
        self, code: str, message: str, span: Span, legal: tuple[str, ...] = ()
    ) -> _WrongError:
        """Record an error; the caller raises what this returns."""
        self._findings.error(code, message, span, legal=legal)
        return _WrongError()

    def value(self, expr: source.Expr, depth: int) -> Quantity:
        """The value of an expression, checked to be of sensible size."""
        if depth > _DEEPEST:
            raise self.wrong("HX0403", f"nested deeper than {_DEEPEST}", expr.span)
        match expr:
            case source.Number():
                result = self._literal(expr)
            case source.Name():
                return self._name(expr)
            case source.Unary():
                result = self._unary(expr, depth)
            case source.Binary():
                result = self._chain(expr, depth)
            case source.Call():
                result = self._call(expr, depth)
        return self._checked(result, expr.span)

    def applied(
        self, expr: source.Unary | source.Binary | source.Call, operands: Sequence[Quantity]
    ) -> Quantity:
        """The value of one operator or function, given those of its operands."""
        match expr:
            case source.Unary():
                result = self._signed(expr, operands[0])
            case source.Binary():
                result = self._binary(expr, operands[0], operands[1])
            case source.Call():
                result = self._applied(expr, list(operands))
        if any(isinstance(o.value, float) and math.isinf(o.value) for o in operands):
            return result
        return self._checked(result, expr.span)

    def _checked(self, result: Quantity, span: Span) -> Quantity:
        value = result.value
        if isinstance(value, float) and not math.isfinite(value):
            raise self.wrong("HX0403", "this is no finite number", span)
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            message = "this number is absurdly large; whole numbers end at 2^80"
            raise self.wrong("HX0403", message, span)
        return result

    def _literal(self, expr: source.Number) -> Quantity:
        if expr.unit in UNITS:
            return with_unit(expr.value, expr.unit)
        message = f"`{expr.unit}` is no unit"
        times = re.fullmatch(r"[xX](\d+)", expr.unit)
        if expr.unit in self._environment or times:
            factor = times.group(1) if times else expr.unit
            message += f"; did you mean `{expr.value} * {factor}`?"
        else:
            hint = did_you_mean(expr.unit, UNITS)
            message += hint or "; units are like `GB`, `TB/s`, `TFLOP/s`, `us`, `k` and `Ki`"
        raise self.wrong("HX0401", message, expr.span, ("B", "bit", "FLOP", "s", "k", "Ki"))

    def _name(self, expr: source.Name) -> Quantity:
        for known in (self._environment, PREDECLARED):
            if expr.text in known:
                found = known[expr.text]
                if found is None:
                    raise _WrongError
                return found
        message = f"no number `{expr.text}` here"
        message += did_you_mean(expr.text, [*self._environment, *PREDECLARED])
        raise self.wrong("HX0406", message, expr.span, tuple(self._environment)[:20])

    def _unary(self, expr: source.Unary, depth: int) -> Quantity:
        return self._signed(expr, self.value(expr.operand, depth + 1))

    def _signed(self, expr: source.Unary, operand: Quantity) -> Quantity:
        if expr.operator == "not":
            return Quantity(not self._truth(operand, expr.operand.span))
        return Quantity(-self._number(operand, expr.operand.span), operand.unit)

    def _chain(self, expr: source.Binary, depth: int) -> Quantity:
        """``a + b + c ...``: the left spine is walked, not recursed into, as it may be long."""
        spine = [expr]
        while isinstance(spine[-1].left, source.Binary):
            spine.append(spine[-1].left)
        result = self.value(spine[-1].left, depth + 1)
        for link in reversed(spine):
            right = self.value(link.right, depth + 1)
            result = self._checked(self._binary(link, result, right), link.span)
        return result

    def _binary(self, expr: source.Binary, left: Quantity, right: Quantity) -> Quantity:
        if expr.operator in ("and", "or"):
            truths = (
                self._truth(left, expr.left.span),
                self._truth(right, expr.right.span),
            )
            return Quantity(all(truths) if expr.operator == "and" else any(truths))
        if expr.operator in ("==", "!=") and left.truth is not None and right.truth is not None:
            return Quantity((left.truth == right.truth) == (expr.operator == "=="))
        a, b = self._number(left, expr.left.span), self._number(right, expr.right.span)
        if expr.operator in ("*", "/"):
            sign = 1 if expr.operator == "*" else -1
            value = a * b if sign == 1 else self._quotient(a, b, expr)
            return Quantity(shorten(value), left.unit.times(right.unit, sign))
        if expr.operator == "**":
            return Quantity(self._power(left, right, expr))
        if left.unit != right.unit:
            message = f"`{expr.operator}` needs two of a kind, not {left.unit} and {right.unit}"
            raise self.wrong("HX0402", message, expr.span)
        if expr.operator in _COMPARISONS:
            return Quantity(_COMPARISONS[expr.operator](a, b))
        return Quantity(shorten(self._sum(a, b, expr)), left.unit)

    def _sum(self, a: Value, b: Value, expr: source.Binary) -> Value:
        if expr.operator == "%":
            if b == 0:
                raise self.wrong("HX0404", "remainder of a division by zero", expr.right.span)
            return a % b
        return a + b if expr.operator == "+" else a - b

    def _quotient(self, a: Value, b: Value, expr: source.Binary) -> Value:
        if b == 0:
            raise self.wrong("HX0404", "division by zero", expr.right.span)
        if isinstance(a, float) or isinstance(b, float):
            return float(a) / float(b)
        return Fraction(a) / Fraction(b)

    def _power(self, left: Quantity, right: Quantity, expr: source.Binary) -> Value:
        if left.unit != PLAIN or right.unit != PLAIN:
            raise self.wrong("HX0402", "`**` needs plain numbers, without units", expr.span)
        base, exponent = self._number(left, expr.span), self._number(right, expr.span)
        if base == 0 and exponent < 0:
            raise self.wrong("HX0404", "zero to a negative power", expr.span)
        try:
            return power(base, exponent)
        except (OverflowError, ValueError):
            message = f"{left} ** {right} is no number of sensible size"
            raise self.wrong("HX0403", message, expr.span) from None

    def _number(self, quantity: Quantity, span: Span) -> Value:
        if isinstance(quantity.value, bool):
            raise self.wrong("HX0405", f"a number is needed, not `{quantity}`", span)
        return quantity.value

    def _truth(self, quantity: Quantity, span: Span) -> bool:
        if quantity.truth is None:
            raise self.wrong("HX0405", f"`true` or `false` is needed, not {quantity}", span)
        return quantity.truth

    def _call(self, expr: source.Call, depth: int) -> Quantity:
        name = expr.function.text
        plain = [a for a in expr.arguments if not isinstance(a, source.Keyword | source.Arrow)]
        if name not in FUNCTIONS or expr.over or len(plain) != len(expr.arguments):
            message = f"`{name}(...)` is no number known when compiling"
            raise self.wrong("HX0405", message, expr.span, FUNCTIONS)
        return self._applied(expr, [self.value(argument, depth + 1) for argument in plain])

    def _applied(self, expr: source.Call, values: list[Quantity]) -> Quantity:
        name = expr.function.text
        if name in ("min", "max"):
            return self._extreme(expr, values)
        if len(values) != 1:
            raise self.wrong("HX0405", f"`{name}` takes one number, not {len(values)}", expr.span)
        number = self._number(values[0], expr.arguments[0].span)
        if name not in ("ceil", "floor", "abs") and values[0].unit != PLAIN:
            raise self.wrong("HX0402", f"`{name}` needs a plain number", expr.span)
        try:
            return Quantity(function(name, number), values[0].unit)
        except (OverflowError, ValueError, ZeroDivisionError):
            message = f"`{name}` of {values[0]} is no finite number"
            raise self.wrong("HX0403", message, expr.span) from None

    def _extreme(self, expr: source.Call, values: list[Quantity]) -> Quantity:
        name = expr.function.text
        if not values:
            raise self.wrong("HX0405", f"`{name}` takes at least one number", expr.span)
        if any(value.unit != values[0].unit for value in values):
            raise self.wrong("HX0402", f"`{name}` needs quantities of one kind", expr.span)
        numbers = [self._number(value, expr.span) for value in values]
        return Quantity(min(numbers) if name == "min" else max(numbers), values[0].unit)
