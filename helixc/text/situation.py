"""A syntax error as it presents itself: the statement, the lexeme that did not fit, what would."""

from __future__ import annotations

import attrs

from helixc.diagnostics import Diagnostic, Span
from helixc.text.reader import Fault
from helixc.text.scan import Lexeme, SourceText, Statement, lexemes

_LOOK_AHEAD = 4000
_SHOWN = 40


@attrs.frozen
class Situation:
    """One statement with one lexeme, ``lexemes[at]``, that did not fit; past the end: the end."""

    source: SourceText
    lexemes: tuple[Lexeme, ...]
    at: int
    expected: frozenset[str]
    block: str
    after_block: bool = False

    @property
    def ended(self) -> bool:
        """Whether the statement ended where more was expected."""
        return self.at >= len(self.lexemes)

    @property
    def first(self) -> Lexeme:
        """The lexeme that begins the statement."""
        return self.lexemes[0]

    @property
    def found(self) -> Lexeme:
        """The lexeme that did not fit; the last one if the statement ended."""
        return self.lexemes[min(self.at, len(self.lexemes) - 1)]

    @property
    def before(self) -> Lexeme | None:
        """The lexeme before the one that did not fit."""
        return self.lexemes[self.at - 1] if self.at else None

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the lexemes before the one that did not fit."""
        return tuple(lexeme.text for lexeme in self.lexemes[: self.at])

    def text(self, index: int) -> str:
        """The text of a lexeme, "" outside the statement."""
        return self.lexemes[index].text if 0 <= index < len(self.lexemes) else ""

    def depth(self, end: int) -> int:
        """How many round and square brackets are open before a lexeme."""
        signs = [lexeme.text for lexeme in self.lexemes[:end]]
        return sum(sign in ("(", "[") for sign in signs) - sum(sign in (")", "]") for sign in signs)

    def span(self, first: Lexeme, last: Lexeme | None = None) -> Span:
        """Where lexemes stand."""
        return self.source.span(first.start, (last or first).end)

    def error(
        self, code: str, message: str, lexeme: Lexeme | None = None, legal: tuple[str, ...] = ()
    ) -> Diagnostic:
        """An error at a lexeme, or at the one that did not fit."""
        if lexeme is None and self.ended:
            last = self.span(self.found)
            line, column = last.end_line, last.end_column
            after = Span(last.file, line, column, line, column + 1)
            return Diagnostic(code, message, after, legal=legal)
        return Diagnostic(code, message, self.span(lexeme or self.found), legal=legal)


def shown(text: str) -> str:
    """A piece of the source in backticks, cut where it gets long."""
    line = " ".join(text.split())
    return f"`{line}`" if len(line) <= _SHOWN else f"`{line[: _SHOWN - 4]} ...`"


def first_word(text: str, statement: Statement) -> str:
    """The word that begins a statement."""
    return next(lexemes(text, statement.start, statement.start + _LOOK_AHEAD)).text


def situation(source: SourceText, statement: Statement, fault: Fault, outside: str) -> Situation:
    """What stands around a fault; ``outside`` is the block around the statements at the top."""
    after_block = 0 <= statement.closing < fault.offset
    start = statement.closing if after_block else statement.start
    end = statement.end if after_block or not statement.has_block else statement.opening + 1
    end = min(end, fault.offset + _LOOK_AHEAD)
    words = tuple(x for x in lexemes(source.text, start, end) if x.kind != "end")
    at = next((i for i, word in enumerate(words) if word.end > fault.offset), len(words))
    parent = statement.parent
    block = first_word(source.text, parent) if parent else outside
    return Situation(source, words, at, fault.expected, block, after_block)
