"""Sizes and counts: expressions that must come out as whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from helixc.diagnostics import Findings
from helixc.elaborate.constants import Environment, evaluate
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import some
from helixc.ir import source
from helixc.limits import MAX_SIZE

# Divisors are looked for up to here, and this many are shown.
_LARGEST_DIVISOR_TRIED = 100_000
_MOST_DIVISORS = 13


def size(
    expr: source.Expr, environment: Environment, findings: Findings, *, least: int = 0
) -> int | None:
    """The value of an expression that must be a size of at least ``least``; None after a finding."""
    quantity = evaluate(expr, environment, findings)
    if quantity is None:
        return None
    whole = quantity.whole
    if whole is None:
        _report_not_whole(expr, quantity, environment, findings)
        return None
    if not least <= whole < MAX_SIZE:
        message = f"{whole} is no size; a size is at least {least} and below 2^53"
        findings.error("HX0305", message, expr.span)
        return None
    return whole


def _report_not_whole(
    expr: source.Expr, quantity: Quantity, environment: Environment, findings: Findings
) -> None:
    for division in _divisions(expr):
        quiet = Findings()
        top = evaluate(division.left, environment, quiet)
        bottom = evaluate(division.right, environment, quiet)
        a = None if top is None else top.whole
        b = None if bottom is None else bottom.whole
        if a is not None and b is not None and b > 0 and a % b:
            report_not_multiple(division, a, b, findings)
            return
    shown = f"{float(quantity.value):g}" if isinstance(quantity.value, Fraction) else str(quantity)
    message = f"a size must be a whole number, not {shown}; `ceil` and `floor` round"
    findings.error("HX0305", message, expr.span)


def _divisions(expr: source.Expr) -> Iterator[source.Binary]:
    """The divisions of an expression that nothing rounds, outermost first."""
    pending: list[source.Expr] = [expr]
    while pending:
        match pending.pop():
            case source.Binary(operator, left, right) as binary:
                if operator == "/":
                    yield binary
                pending += [right, left]
            case source.Unary(_, operand):
                pending.append(operand)
            case _:
                pass


def report_not_multiple(division: source.Binary, a: int, b: int, findings: Findings) -> None:
    """Say that ``a`` is no multiple of ``b``, and which numbers near them would do."""
    below, above = a // b * b, (a // b + 1) * b
    near = [str(n) for n in (below, above) if n > 0]
    divisors = [str(d) for d in divisors_of(a)]
    message = f"{a} is not a multiple of {b}"
    message += f"; nearest {_written(division.left)}: {', '.join(near)}"
    if not isinstance(division.right, source.Number):
        message += f"; {_written(division.right)} that divide it: {some(divisors)}"
    findings.error("HX0304", message, division.span, legal=near)


def _written(expr: source.Expr) -> str:
    return f"`{expr.text}`" if isinstance(expr, source.Name) else "numbers"


def divisors_of(number: int) -> tuple[int, ...]:
    """The smallest divisors of a number, a few more than a message shows."""
    found: list[int] = []
    for candidate in range(1, min(number, _LARGEST_DIVISOR_TRIED) + 1):
        if number % candidate == 0:
            found.append(candidate)
            if len(found) == _MOST_DIVISORS:
                break
    return tuple(found)
