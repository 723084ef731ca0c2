"""What the parser's rules hand to each other: words with spans, nodes, and groups of either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import attrs
from lark import Token

from helixc.diagnostics import Span

Kind = TypeVar("Kind")


class Word(Token):
    """A token that knows where it stands, file included."""

    span: Span

    @classmethod
    def of(cls, token: Token, file: str) -> Word:
        """A token of the lexer, with its place in that file."""
        word: Any = cls(token.type, token.value, token.start_pos)
        start = (token.line or 1, token.column or 1)
        word.span = Span(file, *start, token.end_line or start[0], token.end_column or start[1])
        return word


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
