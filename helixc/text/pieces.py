"""What the parser's rules hand to each other: words with spans, nodes, and groups of either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import attrs
from lark import Token

from helixc.diagnostics import Span

Kind = TypeVar("Kind")


class Word:
    """A token of the lexer together with the file that it stands in.

    The parser looks at ``type`` alone; ``start_pos`` is what its errors tell.
    """

    __slots__ = ("_file", "_token", "type")

    def __init__(self, token: Token, file: str) -> None:
        self.type = token.type
        self._token = token
        self._file = file

    def __str__(self) -> str:
        return self._token.value

    @property
    def keyword(self) -> Any:
        """The word where a rule allows a few only, as the literal that a node wants."""
        return self._token.value

    @property
    def start_pos(self) -> int:
        """The offset where it begins."""
        return self._token.start_pos or 0

    @property
    def span(self) -> Span:
        """Where it stands."""
        at: Any = self._token
        return Span(self._file, at.line, at.column, at.end_line, at.end_column)


class Piece(Protocol):
    """Anything that stands somewhere."""

    @property
    def span(self) -> Span:
        """Where it stands."""
        ...


@attrs.frozen
class Group:
    """Several pieces that one rule gathered; ``rule`` tells which."""

    rule: str
    items: tuple[Any, ...]
    span: Span


def join(first: Span, last: Span) -> Span:
    """From the start of one span to the end of another."""
    return Span(first.file, first.line, first.column, last.end_line, last.end_column)


def whole(pieces: Sequence[Piece]) -> Span:
    """From the first piece to the last."""
    return join(pieces[0].span, pieces[-1].span)


def all_of(pieces: Iterable[Any], kind: type[Kind]) -> tuple[Kind, ...]:
    """The pieces of one class, in order."""
    return tuple(piece for piece in pieces if isinstance(piece, kind))


def nodes_of(pieces: Iterable[Any]) -> tuple[Any, ...]:
    """The pieces that are not bare words."""
    return tuple(piece for piece in pieces if not isinstance(piece, Word))


def items_of(pieces: Iterable[Any], rule: str) -> tuple[Any, ...]:
    """What the group of that rule holds; nothing if the group was not written."""
    for piece in pieces:
        if isinstance(piece, Group) and piece.rule == rule:
            return piece.items
    return ()


def group(rule: str, pieces: Sequence[Any]) -> Group:
    """The pieces that are not bare words, as the group of that rule."""
    return Group(rule, nodes_of(pieces), whole(pieces))


def header(pieces: Sequence[Piece]) -> Span:
    """From the first piece to the last before the block: where a block statement is shown."""
    return whole(pieces[:-1])
