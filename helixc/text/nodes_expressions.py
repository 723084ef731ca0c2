"""Expressions: from what a grammar rule matched to nodes of level 0."""

from __future__ import annotations

import math
from typing import Any

import attrs
from lark import Transformer

from helixc.ir.source import Arrow, Binary, Binding, Call, Expr, Keyword, Name, Number, Unary
from helixc.limits import MAX_SIZE
from helixc.text.pieces import Group, Word, all_of, group, items_of, whole


class ExpressionNodes(Transformer[Word, Any]):
    """One method for each rule of the grammar; each takes all pieces that the rule matched."""

    def name(self, pieces: list[Word]) -> Name:
        """A name."""
        return Name(str(pieces[0]), pieces[0].span)

    def integer(self, pieces: list[Word]) -> Number:
        """A whole number without sign or unit."""
        return Number(number_value(str(pieces[0])), "", pieces[0].span)

    def number(self, pieces: list[Word]) -> Number:
        """A number and perhaps its unit."""
        unit = str(pieces[1]) if len(pieces) > 1 else ""
        return Number(number_value(str(pieces[0])), unit, whole(pieces))

    def binary(self, pieces: list[Any]) -> Binary:
        """Two operands and the operator between them."""
        left, operator, right = pieces
        return Binary(str(operator), left, right, whole(pieces))

    def unary(self, pieces: list[Any]) -> Unary:
        """An operator and its operand."""
        operator, operand = pieces
        return Unary(str(operator), operand, whole(pieces))

    def group(self, pieces: list[Any]) -> Expr:
        """An expression in brackets: the same expression, shown with its brackets."""
        return attrs.evolve(pieces[1], span=whole(pieces))

    def call(self, pieces: list[Any]) -> Call:
        """A call with its arguments and its dimensions."""
        inside = items_of(pieces, "args")
        arguments = tuple(piece for piece in inside if not isinstance(piece, Group))
        return Call(pieces[0], arguments, items_of(inside, "over"), whole(pieces))

    def args(self, pieces: list[Any]) -> Group:
        """What stands in the brackets of a call."""
        return group("args", pieces)

    def keyword(self, pieces: list[Any]) -> Keyword:
        """``name = value`` in a call."""
        return Keyword(pieces[0], pieces[2], whole(pieces))

    def arrow(self, pieces: list[Any]) -> Arrow:
        """``left -> right`` in a call."""
        return Arrow(pieces[0], pieces[2], whole(pieces))

    # --- parts of statements that are shared by all kinds of blocks

    def names(self, pieces: list[Any]) -> Group:
        """Names between commas."""
        return group("names", pieces)

    def over(self, pieces: list[Any]) -> Group:
        """``over`` and the names after it."""
        return group("over", pieces)

    def via(self, pieces: list[Any]) -> Group:
        """``via`` and a name."""
        return group("via", pieces)

    def options(self, pieces: list[Any]) -> Group:
        """``with`` and bindings."""
        return group("options", pieces)

    def binding(self, pieces: list[Any]) -> Binding:
        """``name = value``."""
        return Binding(pieces[0], pieces[2], whole(pieces))


def optional_name(pieces: list[Any], rule: str) -> Name | None:
    """The one name of a group that need not be written."""
    names = all_of(items_of(pieces, rule), Name)
    return names[0] if names else None


def number_value(text: str) -> int | float:
    """The value of a number as written; absurdly large ones become ``MAX_SIZE``, which is refused.

    Python takes quadratic time for very long whole numbers, hence the look at the length first.
    """
    plain = text.replace("_", "")
    if plain.isdigit():
        digits = plain.lstrip("0") or "0"
        return int(digits) if len(digits) <= len(str(MAX_SIZE)) else MAX_SIZE
    value = float(plain)
    return value if math.isfinite(value) else MAX_SIZE
