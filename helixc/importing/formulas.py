"""Formulas in the tables of families: what a value is that no field gives, and when a layer is sparse.

They are written as Python writes them (``embed // head``, ``layer >= first_dense and layer not in
plain_layers``) over the values that were read.  A formula that asks for a value that is missing has none.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Value = int | float | str | bool | tuple[object, ...] | None
Values = Mapping[str, Value]


def _quotient(left: float, right: float) -> float:
    """Whole where two whole numbers divide without a rest."""
    whole = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if whole else left / right


_OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _quotient,
    ast.Pow: pow,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: operator.mod,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "int": int,
    "len": len,
    "log": math.log,
    "gcd": math.gcd,
    "floor": math.floor,
    "ceil": math.ceil,
}


class MissingValueError(Exception):
    """A formula asks for a value that was not found, which has been reported already."""


def formula(text: str, values: Values) -> Value:
    """The value of a formula.  Raises ``MissingValueError``, or ``ArithmeticError`` by what it divides."""
    result: Value = _value(_parsed(text), values)
    return result


def holds(text: str, values: Values) -> bool:
    """Whether a condition holds; the empty one always does."""
    return not text or bool(formula(text, values))


def names_in(text: str) -> tuple[str, ...]:
    """The values that a formula asks for, in the order in which it names them."""
    names = [node for node in ast.walk(_parsed(text)) if isinstance(node, ast.Name)]
    ordered = sorted(names, key=lambda node: node.col_offset)
    return tuple(dict.fromkeys(n.id for n in ordered if n.id not in _FUNCTIONS))


@cache
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _value(node: ast.expr, values: Values) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Tuple(elts=[]):
            return ()
        case ast.Name(id=name):
            if name not in values:
                raise MissingValueError(name)
            return values[name]
        case ast.Subscript(value=items, slice=place):
            return _value(items, values)[_value(place, values)]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_value(argument, values) for argument in arguments))
        case _:
            return _combined(node, values)


def _combined(node: ast.expr, values: Values) -> Any:
    """The value of an operator or a choice."""
    match node:
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATORS[type(sign)](_value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return _OPERATORS[type(sign)](_value(left, values), _value(right, values))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, values)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, values)
        case ast.IfExp(test=test, body=body, orelse=other):
            return _value(body if _value(test, values) else other, values)
        case _:
            raise TypeError(ast.unparse(node))
