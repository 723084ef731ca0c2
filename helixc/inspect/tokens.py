"""The words of a DOT file, with the line on which each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from helixc.diagnostics import Diagnostic, HelixError, Span

# Larger than anything that is drawn; reading stays a matter of seconds.
MOST_CHARACTERS = 256 * 2**20

_TOKEN = re.compile(
    r"""
      (?P<space>[\s\ufeff]+ | //[^\n]* | /\*.*?\*/ | (?:(?<=\n)|\A)\#[^\n]*)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<html><)
    | (?P<arrow>->|--)
    | (?P<number>-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?))
    | (?P<word>[^\W\d]\w*)
    | (?P<mark>[{}\[\];,=:+])
    """,
    re.VERBOSE | re.DOTALL,
)

_BRACKET = re.compile("[<>]")


@attrs.frozen
class Token:
    """``kind`` is "text" (an identifier in any spelling), "arrow" or "mark"; ``bare`` if unquoted."""

    kind: str
    text: str
    line: int
    bare: bool = False


def unreadable(file: str, line: int, message: str) -> HelixError:
    """The error for text that is no drawing (HX0905)."""
    span = Span(file, line, 1, line, 2) if line else Span(file, 1, 1, 1, 1)
    return HelixError([Diagnostic("HX0905", message, span)])


def tokens(text: str, file: str) -> Iterator[Token]:
    """Every word of a file.  Raises ``HelixError`` (HX0905) where there is none."""
    if len(text) > MOST_CHARACTERS:
        raise unreadable(file, 1, f"more than {MOST_CHARACTERS} characters are not read")
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise unreadable(file, line, f"unexpected {text[position]!r}")
        kind, end = match.lastgroup or "", match.end()
        if kind == "html":
            end = _html_end(text, position, file, line)
        word = text[position:end]
        if kind != "space":
            yield _token(kind, word, line)
        line += word.count("\n")
        position = end


def _token(kind: str, word: str, line: int) -> Token:
    if kind in {"arrow", "mark"}:
        return Token(kind, word, line)
    if kind == "quoted":
        # Only the quote is unescaped here; a backslash means something to labels alone.
        joined = word[1:-1].replace("\\\r\n", "").replace("\\\n", "")
        return Token("text", re.sub(r'\\([\\"])', _unescaped, joined), line)
    return Token("text", word, line, bare=kind == "word")


def _unescaped(match: re.Match[str]) -> str:
    # `\\` stays as it is: it is text for labels to read, and cannot end the string.
    return '"' if match[1] == '"' else match[0]


def _html_end(text: str, position: int, file: str, line: int) -> int:
    depth = 0
    for bracket in _BRACKET.finditer(text, position):
        depth += 1 if bracket[0] == "<" else -1
        if depth == 0:
            return bracket.end()
    raise unreadable(file, line, "`<` is never closed")
