"""All syntax errors of a text at once.

After an error the statement that holds it is blanked and the rest is read again; when the error is
in the header of a block, the inside of the block is then read by itself.  Positions never change.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import attrs

from helixc.diagnostics import Diagnostic
from helixc.limits import MAX_PARSES, MAX_REPARSED_CHARACTERS
from helixc.text.explain import explain
from helixc.text.reader import Fault, read
from helixc.text.scan import SourceText, Statement, innermost, outline
from helixc.text.situation import first_word, situation
from helixc.text.words import BODY_STARTS


@attrs.frozen
class Recovered:
    """What could be read of a file, and every syntax error that was found."""

    declarations: tuple[Any, ...]
    findings: tuple[Diagnostic, ...]


@attrs.frozen
class _Part:
    """A text that is blank but for the inside of one block; ``block`` begins that block's header."""

    text: str
    block: str


def recover(source: SourceText, known: tuple[int, ...] = ()) -> Recovered:
    """Read as much of a file as possible; at the offsets ``known`` an error is already reported."""
    return _Recovery(source, known).run()


class _Recovery:
    """Reads parts of a text until none is left, blanking what does not parse."""

    def __init__(self, source: SourceText, known: tuple[int, ...]) -> None:
        self.source = source
        self.known = known
        self.findings: list[Diagnostic] = []
        self.parts: list[_Part] = []
        self.parses = 0
        self.characters = 0

    def run(self) -> Recovered:
        """Read the file, then the blocks whose headers were wrong."""
        text = self.source.text
        for offset in self.known:
            text = blanked(text, offset, offset + 1)
        declarations = self._read(_Part(text, "file"))
        while self.parts and not self._exhausted():
            self._read(self.parts.pop(0))
        return Recovered(declarations, tuple(self.findings))

    def _exhausted(self) -> bool:
        return self.parses >= MAX_PARSES or self.characters >= MAX_REPARSED_CHARACTERS

    def _read(self, part: _Part) -> tuple[Any, ...]:
        """The nodes of a part once everything wrong in it is blanked."""
        start = BODY_STARTS.get(part.block, "file")
        while True:
            result = read(part.text, self.source.name, start)
            self.parses += 1
            self.characters += len(part.text)
            if not isinstance(result, Fault):
                return result
            statements = outline(part.text)
            statement = innermost(statements, result.offset) or next(iter(statements), None)
            if statement is None:
                return ()
            self._report(part, statement, result)
            guilty = _with_block_below(statements, statement, part.text)
            part = attrs.evolve(part, text=self._without(part.text, guilty, result))
            if self._exhausted():
                return ()

    def _report(self, part: _Part, statement: Statement, fault: Fault) -> None:
        """Say what is wrong, unless something is already said about that statement."""
        if not any(statement.start <= offset <= statement.end for offset in self.known):
            around = attrs.evolve(self.source, text=part.text)
            self.findings.append(explain(situation(around, statement, fault, part.block)))

    def _without(self, text: str, statement: Statement, fault: Fault) -> str:
        """The text with the guilty part of a statement blanked.

        When that part is the header of a block, the block is kept to be read later, by itself.
        """
        if 0 <= statement.closing < fault.offset:
            return blanked(text, statement.closing + 1, statement.end)
        if statement.has_block and statement.closing > 0:
            block = _likely_block(text, statement)
            if block:
                inside = blanked(text[: statement.closing], 0, statement.opening + 1)
                self.parts.append(_Part(inside, block))
        return blanked(text, statement.start, statement.end)


def _with_block_below(statements: list[Statement], statement: Statement, text: str) -> Statement:
    """The statement together with a block that opens, without a header, on a line below it."""
    rest = text[statement.end :]
    opening = len(text) - len(rest.lstrip())
    below = innermost(statements, opening) if rest.lstrip()[:1] == "{" else None
    if below is None or statement.has_block:
        return statement
    return attrs.evolve(statement, end=below.end, opening=below.opening, closing=below.closing)


def _likely_block(text: str, statement: Statement) -> str:
    """The word that a block's header was probably meant to begin with; "" if there is no telling."""
    word = first_word(text, statement)
    likely = difflib.get_close_matches(word, BODY_STARTS, 1)
    if likely:
        return likely[0]
    return first_word(text, statement.parent) if statement.parent else ""


def blanked(text: str, start: int, end: int) -> str:
    """The text with spaces for everything but line ends between two offsets."""
    return text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
