"""The words and comments of a text as a formatter sees them, and the space that belongs between two words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import attrs

from helixc.text.grammar import helix_parser
from helixc.text.pieces import Word
from helixc.text.scan import SourceText

_COMMENT = re.compile(r"#[^\n]*")

_NUMBERS = frozenset(("NUMBER", "INTEGER"))
_ENDS_OPERAND = frozenset("NAME NUMBER INTEGER UNIT RPAR RSQB".split())
_NOTHING_AFTER = frozenset(("LPAR", "LSQB", "DOT", "REST"))
_NOTHING_BEFORE = frozenset(("RPAR", "RSQB", "COMMA", "COLON", "DOT", "REST"))
_GROUP = 3
_GROUPED_FROM = 5  # digits


@attrs.frozen
class Piece:
    """A word or a comment; ``kind`` is the grammar's name of the word, or "COMMENT".

    Lines and columns count from 1.
    """

    kind: str
    text: str
    line: int
    column: int


def pieces(source: SourceText) -> list[Piece]:
    """All words and comments of a text that parses, in order."""
    # The library leaves these types open; a comment is no word, and nothing else begins with its sign.
    parser: Any = helix_parser()
    machine = parser.parse_interactive(source.text, "file")
    found: list[tuple[int, str, str]] = []
    for token in machine.lexer_thread.lex(machine.parser_state):
        found.append((int(token.start_pos), str(token.type), str(token)))
        machine.feed_token(Word(token, source.name))
    found += [(m.start(), "COMMENT", m.group().rstrip()) for m in _COMMENT.finditer(source.text)]
    return [
        Piece(kind, _grouped(text) if kind in _NUMBERS else text, *source.position(start))
        for start, kind, text in sorted(found)
    ]


def joined(words: Sequence[Piece]) -> str:
    """Words in one line, with the spaces that belong between them."""
    text = ""
    for place, word in enumerate(words):
        if place and _apart(words, place):
            text += " "
        text += word.text
    return text


def _apart(words: Sequence[Piece], place: int) -> bool:
    """Whether a space belongs before a word."""
    before, word = words[place - 1].kind, words[place].kind
    if before in _NOTHING_AFTER or word in _NOTHING_BEFORE:
        return False
    if word in ("LPAR", "LSQB"):
        return before != "NAME"
    return not (before == "MINUS" and _is_sign(words, place - 1))


def _is_sign(words: Sequence[Piece], place: int) -> bool:
    """Whether a minus belongs to what follows and takes away from nothing."""
    return place == 0 or words[place - 1].kind not in _ENDS_OPERAND


def _grouped(number: str) -> str:
    """``10_000`` for ``10000``: from five digits on groups of three in what stands before the point."""
    match = re.match(r"[0-9_]+", number)
    whole = match.group().replace("_", "") if match else ""
    rest = number[match.end() :] if match else number
    if len(whole) < _GROUPED_FROM:
        return whole + rest
    first = len(whole) % _GROUP or _GROUP
    groups = [whole[:first], *(whole[at : at + _GROUP] for at in range(first, len(whole), _GROUP))]
    return "_".join(groups) + rest
