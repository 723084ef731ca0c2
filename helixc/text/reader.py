"""Reads a text, or the inside of one block, until its end or its first syntax error."""

from __future__ import annotations

from typing import Any

import attrs
from lark import UnexpectedInput

from helixc.text.grammar import helix_parser
from helixc.text.pieces import Word


@attrs.frozen
class Fault:
    """Where reading had to stop, and the kinds of words that could have stood there."""

    offset: int
    expected: frozenset[str]


def read(text: str, file: str, start: str = "file") -> tuple[Any, ...] | Fault:
    """The nodes of a text, or the first place where it is no text of the language.

    ``start`` is one of ``grammar.STARTS``; positions count from the start of the text.
    """
    # The library leaves these types open; what the rules make of a text is known here only.
    parser: Any = helix_parser()
    machine = parser.parse_interactive(text, start)
    try:
        for token in machine.lexer_thread.lex(machine.parser_state):
            machine.feed_token(Word(token, file))
    except UnexpectedInput as unexpected:
        return Fault(int(unexpected.pos_in_stream or 0), frozenset(machine.accepts()))
    try:
        return machine.feed_eof()
    except UnexpectedInput:
        return Fault(len(text), frozenset(machine.accepts()))
