"""Statements and comments as they stand in each other, before they are written anew."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.text.format_words import Piece


@attrs.define
class Line:
    """A line of a statement as it was written: its words, and the comment beside them."""

    words: list[Piece] = attrs.field(factory=list[Piece])
    comment: Piece | None = None


@attrs.define
class Statement:
    """A statement, or (with comments and no words) a comment on lines of its own.

    ``lines`` are those of the header; ``block`` is what stands in its braces, None if it has none, and
    ``inline`` tells that these were in one line.  ``opening`` and ``closing`` are the comments beside the braces.
    """

    blank_before: bool
    lines: list[Line] = attrs.field(factory=list[Line])
    block: list[Statement] | None = None
    inline: bool = False
    opening: Piece | None = None
    closing: Piece | None = None

    @property
    def is_comment(self) -> bool:
        """Whether there is nothing in it but a comment."""
        return not any(line.words for line in self.lines)


def statements(found: Sequence[Piece]) -> list[Statement]:
    """The statements of a file that parses."""
    return _Builder(found).build()


class _Builder:
    """Goes through words and comments once; ``_stack`` are the blocks that are open."""

    def __init__(self, found: Sequence[Piece]) -> None:
        self._found = found
        self._top: list[Statement] = []
        self._stack: list[tuple[list[Statement], Statement, Piece]] = []
        self._into = self._top
        self._current: Statement | None = None
        self._last_line = 0

    def build(self) -> list[Statement]:
        for piece in self._found:
            match piece.kind:
                case "END":
                    self._current = None
                    continue
                case "COMMENT":
                    self._comment(piece)
                case "LBRACE":
                    self._open(piece)
                case "RBRACE":
                    self._close(piece)
                case _:
                    self._word(piece)
            self._last_line = piece.line
        return self._top

    def _begin(self, piece: Piece) -> Statement:
        statement = Statement(blank_before=piece.line > self._last_line + 1)
        self._into.append(statement)
        return statement

    def _word(self, piece: Piece) -> None:
        if self._current is None:
            self._current = self._begin(piece)
        lines = self._current.lines
        if not lines or piece.line > self._last_line:
            lines.append(Line())
        lines[-1].words.append(piece)

    def _comment(self, piece: Piece) -> None:
        beside = piece.line == self._last_line
        if self._current is not None:
            if not beside:
                self._current.lines.append(Line())
            self._current.lines[-1].comment = piece
        elif not beside:
            self._begin(piece).lines.append(Line(comment=piece))
        elif self._into:
            _put_beside(self._into[-1], piece)
        elif self._stack:
            self._stack[-1][1].opening = piece

    def _open(self, piece: Piece) -> None:
        statement = self._current or self._begin(piece)
        statement.block = []
        self._stack.append((self._into, statement, piece))
        self._into, self._current = statement.block, None

    def _close(self, piece: Piece) -> None:
        self._into, statement, opened = self._stack.pop()
        statement.inline = opened.line == piece.line
        self._current = None


def _put_beside(statement: Statement, comment: Piece) -> None:
    if statement.block is None:
        statement.lines[-1].comment = comment
    else:
        statement.closing = comment
