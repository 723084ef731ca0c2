"""Whether what was read keeps the limits on depth and on numbers; nothing here recurses."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, cast

import attrs

from helixc.diagnostics import Diagnostic
from helixc.ir.source import Arrow, Binary, Call, Decl, Keyword, Name, Number, PathStep, Unary
from helixc.limits import MAX_NESTING, MAX_SIZE

TOO_DEEP = "HX0004"
_NESTED = (Unary, Binary, Call, Keyword, Arrow)


def out_of_bounds(declaration: Decl) -> Iterator[Diagnostic]:
    """An error for each expression that is too deep and each number that is too large."""
    waiting: list[tuple[Any, int]] = [(declaration, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, _NESTED):
            depth += 1
            if depth > MAX_NESTING:
                message = f"operators and calls are nested more than {MAX_NESTING} deep here"
                yield Diagnostic(TOO_DEEP, f"{message}; name a part of this", node.span)
                continue
        elif isinstance(node, Number | PathStep) and _largest(node) >= MAX_SIZE:
            message = f"this number is too large; whole numbers stay below 2^53 = {MAX_SIZE:_}"
            yield Diagnostic("HX0006", message, node.span)
        waiting += [(child, depth) for child in _children(node)]


def _largest(node: Number | PathStep) -> int | float:
    if isinstance(node, Number):
        return node.value if isinstance(node.value, int) else 0
    return max(abs(node.first or 0), abs(node.last or 0))


def _children(node: Any) -> Iterator[Any]:
    """The nodes directly inside a node, from the last to the first."""
    for field in _fields(node.__class__):
        value: Any = getattr(node, field)
        if isinstance(value, tuple):
            yield from reversed(cast("tuple[Any, ...]", value))
        elif attrs.has(value.__class__) and not isinstance(value, Name):
            yield value


@functools.cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a class of nodes that may hold nodes, the last first."""
    if kind is Name or not attrs.has(kind):
        return ()
    return tuple(field.name for field in reversed(attrs.fields(kind)) if field.eq)
