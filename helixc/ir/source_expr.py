"""Level 0, expressions: what stands for a number, a value or a dimension.

Every node keeps its span outside equality, so that two texts that differ in layout only are equal here.
"""

from __future__ import annotations

import attrs

from helixc.diagnostics import NOWHERE, Span


def written() -> Span:
    """The field for where a node was written; it is no part of what the node says."""
    return attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Name:
    """A name where it was written."""

    text: str
    span: Span = written()


@attrs.frozen
class Number:
    """A number; ``whole`` tells 2 from 2.0.  ``unit`` is the word after it, "" if none."""

    value: int | float
    unit: str = ""
    span: Span = written()


@attrs.frozen
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Expr
    span: Span = written()


@attrs.frozen
class Binary:
    """``left operator right``; operators as written: ``+ - * / % ** == != < <= > >= and or``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = written()


@attrs.frozen
class Keyword:
    """``name = value`` among arguments."""

    name: Name
    value: Expr
    span: Span = written()


@attrs.frozen
class Arrow:
    """``left -> right`` among arguments: a change of dimensions."""

    left: Expr
    right: Expr
    span: Span = written()


@attrs.frozen
class Call:
    """``function(arguments, over dims)``; an empty ``over`` was not written."""

    function: Name
    arguments: tuple[Expr | Keyword | Arrow, ...] = ()
    over: tuple[Name, ...] = ()
    span: Span = written()


Expr = Name | Number | Unary | Binary | Call


@attrs.frozen
class Binding:
    """``name = value`` in ``dim``, ``mesh``, ``with`` and the like."""

    name: Name
    value: Expr
    span: Span = written()
