"""``helixc fmt``: a text written anew, its words in their order, its comments with their statements.

Two spaces for each block; one space around signs, none inside round and square brackets; one statement to a
line, but for blocks that stood in one line and fit there; numbers in groups of three digits from five on; one
blank line at most.  Where a statement goes on in further lines it still does.  A comment beside a
statement keeps its column where there is room.  Formatting twice is formatting once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from helixc.diagnostics import CompilerBug, HelixError
from helixc.text.format_tree import Line, Statement, statements
from helixc.text.format_words import Piece, joined, pieces
from helixc.text.parser import clean, parse_text
from helixc.text.scan import SourceText

WIDTH = 110
"""Columns that a block in one line may take, comments not counted."""

_STEP = "  "
_FURTHER = "  "


def format_text(text: str, name: str) -> str:
    """The text written anew; raises ``HelixError`` where it cannot be read.  Line ends stay as they are."""
    before, findings = parse_text(text, name)
    if any(finding.severity == "error" for finding in findings):
        raise HelixError(findings, {name: clean(text)})
    written = "".join(f"{line}\n" for line in _items(statements(pieces(_source(text, name))), ""))
    if parse_text(written, name)[0] != before:
        raise CompilerBug(f"formatting {name} would change what it says")
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def _source(text: str, name: str) -> SourceText:
    return SourceText(name, clean(text))


def _items(found: Sequence[Statement], indent: str) -> Iterator[str]:
    for place, statement in enumerate(found):
        if place and statement.blank_before:
            yield ""
        yield from _statement(statement, indent)


def _statement(statement: Statement, indent: str) -> Iterator[str]:
    if statement.block is None:
        yield from _lines(statement.lines, indent)
        return
    whole = f"{indent}{_inline(statement)}"
    if statement.inline and len(statement.lines) == 1 and len(whole) <= WIDTH:
        yield _beside(whole, statement.closing)
        return
    *before, last = _lines(statement.lines, indent)
    yield from before
    yield _beside(f"{last} {{", statement.opening)
    yield from _items(statement.block, indent + _STEP)
    yield _beside(f"{indent}}}", statement.closing)


def _lines(lines: Iterable[Line], indent: str) -> Iterator[str]:
    """The lines of a statement; those after the first stand further in, unless they begin by closing."""
    for place, line in enumerate(lines):
        closes = bool(line.words) and line.words[0].kind in ("RPAR", "RSQB")
        start = indent if place == 0 or closes else indent + _FURTHER
        if line.words:
            yield _beside(start + joined(line.words), line.comment)
        elif line.comment is not None:
            yield start + line.comment.text


def _inline(statement: Statement) -> str:
    """A statement in one line; it has no comment but one at its end."""
    header = " ".join(joined(line.words) for line in statement.lines)
    if statement.block is None:
        return header
    inside = "; ".join(map(_inline, statement.block))
    return f"{header} {{ {inside} }}" if inside else f"{header} {{ }}"


def _beside(code: str, comment: Piece | None) -> str:
    """A line with a comment in the column where it was, if that is free."""
    if comment is None:
        return code
    gap = max(comment.column - 1 - len(code), len(_STEP))
    return f"{code}{' ' * gap}{comment.text}"
