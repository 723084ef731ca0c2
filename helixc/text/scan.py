"""A look at a text that needs no grammar: lexemes, positions, and where statements stand.

Used where the grammar gave up, so everything here works on any text whatever.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, cast

import attrs

from helixc.diagnostics import Span

LexemeKind = Literal["word", "number", "sign", "end", "other"]

_LEXEME = re.compile(
    r"(?P<blank>[ \t]+|\#[^\n]*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9](?:_?[0-9])*(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?)"
    r"|(?P<end>[;\n])"
    r"|(?P<sign>->|==|!=|<=|>=|\*\*|\.\.|[-+*/%=<>:,.()\[\]{}])"
    r"|(?P<other>[^\sA-Za-z0-9_;\#\-+*/%=<>:,.()\[\]{}]+|.)",
    re.DOTALL,
)

CONTINUING = frozenset(", = : -> + - * / % ** == != < <= > >= and or".split())
"""Lexemes after which a statement goes on in the next line."""


class Lexeme(NamedTuple):
    """A word, number, sign, statement end, or run of characters that mean nothing."""

    kind: LexemeKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.start + len(self.text)


def lexemes(text: str, start: int = 0, end: int | None = None) -> Iterator[Lexeme]:
    """The lexemes between two offsets, blanks and comments left out."""
    for match in _LEXEME.finditer(text, start, len(text) if end is None else end):
        if match.lastgroup != "blank":
            kind = cast("LexemeKind", match.lastgroup)
            yield Lexeme(kind, match.group(), match.start())


@attrs.frozen
class SourceText:
    """A named text with the offsets of its lines."""

    name: str
    text: str
    _starts: tuple[int, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Find the lines."""
        ends = (match.end() for match in re.finditer("\n", self.text))
        object.__setattr__(self, "_starts", (0, *ends))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, counted from 1."""
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, offset: int) -> int:
        """The line of an offset, counted from 1."""
        return bisect.bisect_right(self._starts, offset)

    def span(self, start: int, end: int) -> Span:
        """From one offset up to another."""
        return Span(self.name, *self.position(start), *self.position(end))


@attrs.define(eq=False)
class Statement:
    """Where one statement or declaration stands, block included; offsets into the text."""

    start: int
    parent: Statement | None
    end: int = -1
    opening: int = -1
    closing: int = -1
    children: list[Statement] = attrs.field(factory=list["Statement"], repr=False)

    @property
    def has_block(self) -> bool:
        """Whether it opens a block."""
        return self.opening >= 0


class _Outline:
    """Builds the statements of a text from its lexemes, one at a time."""

    def __init__(self) -> None:
        self.top: list[Statement] = []
        self.open: list[Statement] = []
        self.current: Statement | None = None
        self.depth = 0
        self.goes_on = False

    def add(self, lexeme: Lexeme) -> None:
        if lexeme.kind == "end":
            if lexeme.text == ";" or not (self.depth > 0 or self.goes_on):
                self.current = None
                self.depth = 0
            return
        if lexeme.text == "}":
            self.current = self.open.pop() if self.open else self.current
            if self.current is not None:
                self.current.closing = lexeme.start
        else:
            self._add_inside(lexeme)
        if self.current is not None:
            self.current.end = lexeme.end
        self.goes_on = lexeme.text in CONTINUING

    def _add_inside(self, lexeme: Lexeme) -> None:
        if self.current is None:
            parent = self.open[-1] if self.open else None
            self.current = Statement(lexeme.start, parent)
            (parent.children if parent else self.top).append(self.current)
        if lexeme.text == "{":
            if not self.current.has_block:
                self.current.opening = lexeme.start
            self.open.append(self.current)
            self.current.end = lexeme.end
            self.current = None
            self.depth = 0
        elif lexeme.kind == "sign":
            self.depth += (lexeme.text in "([") - (lexeme.text in ")]")


def outline(text: str) -> list[Statement]:
    """The statements at the top level of a text, each with those in its block."""
    result = _Outline()
    for lexeme in lexemes(text):
        result.add(lexeme)
    return result.top


def innermost(statements: list[Statement], offset: int) -> Statement | None:
    """The innermost statement that an offset belongs to; after one ends, it belongs to that one."""
    position = bisect.bisect_right(statements, offset, key=lambda statement: statement.start) - 1
    if position < 0:
        return None
    statement = statements[position]
    if statement.opening < offset <= statement.closing:
        return innermost(statement.children, offset) or statement
    return statement
