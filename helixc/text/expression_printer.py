"""Expressions back to text, with brackets only where the grammar needs them."""

from __future__ import annotations

from helixc.ir.source import Arrow, Binary, Call, Expr, Keyword, Name, Number, Unary

_LOOSEST, _NOT, _SUM, _SIGNED, _ATOM = 1, 3, 5, 7, 9

# How tightly an operator binds, and how tightly its left and right operands must bind.
_BINDING: dict[str, tuple[int, int, int]] = {
    "or": (1, 1, 2),
    "and": (2, 2, 3),
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), (4, _SUM, _SUM)),
    **dict.fromkeys(("+", "-"), (_SUM, _SUM, 6)),
    **dict.fromkeys(("*", "/", "%"), (6, 6, _SIGNED)),
    "**": (8, _ATOM, _SIGNED),
}
_FROM_HERE_UNDERSCORES = 10_000


def print_expression(expression: Expr) -> str:
    """The text of an expression; parsing it gives an equal expression."""
    return _bound(expression, _LOOSEST)


def _bound(expression: Expr, least: int) -> str:
    """The text of an operand, in brackets if it binds more loosely than its place asks for."""
    match expression:
        case Name():
            return expression.text
        case Number():
            return _number(expression)
        case Call():
            return _call(expression)
        case Unary():
            binding = _NOT if expression.operator == "not" else _SIGNED
            gap = " " if expression.operator == "not" else ""
            text = f"{expression.operator}{gap}{_bound(expression.operand, binding)}"
        case Binary():
            binding, left, right = _BINDING[expression.operator]
            operands = (_bound(expression.left, left), _bound(expression.right, right))
            text = f" {expression.operator} ".join(operands)
    return text if binding >= least else f"({text})"


def _number(number: Number) -> str:
    whole = isinstance(number.value, int)
    grouped = whole and number.value >= _FROM_HERE_UNDERSCORES
    text = f"{number.value:_}" if grouped else repr(number.value)
    return f"{text} {number.unit}" if number.unit else text


def _call(call: Call) -> str:
    inside = [_argument(argument) for argument in call.arguments]
    if call.over:
        inside.append(f"over {', '.join(name.text for name in call.over)}")
    return f"{call.function.text}({', '.join(inside)})"


def _argument(argument: Expr | Keyword | Arrow) -> str:
    match argument:
        case Keyword():
            return f"{argument.name.text} = {print_expression(argument.value)}"
        case Arrow():
            return f"{print_expression(argument.left)} -> {print_expression(argument.right)}"
        case _:
            return print_expression(argument)
