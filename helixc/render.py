"""Findings for people and for programs: text with the source line and carets, and JSON.

Text is made of pieces, (text, style), so that colour is a matter of whoever prints them.
Everything that came from outside is escaped first (``printable``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from helixc.codes import CODES
from helixc.diagnostics import NOWHERE, Diagnostic, Note, Severity, Span
from helixc.limits import MAX_SHOWN_DIAGNOSTICS
from helixc.printable import escape, shortened, visible

SCHEMA = "helixc.diag/1"
TAB = 4
WIDTH = 100
MOST_LEGAL = 24

Piece = tuple[str, str]
Sources = Mapping[str, str]

_STYLES: Mapping[Severity, str] = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
}
# What is written without letters is told apart by backquotes.
_SIGNS = re.compile(r"[^\w\s`]+")


def render_text(
    diagnostics: Iterable[Diagnostic], sources: Sources, limit: int = MAX_SHOWN_DIAGNOSTICS
) -> str:
    """Findings as plain text, one block each, at most ``limit`` of them and the rest counted."""
    return "".join(text for text, _ in render_pieces(diagnostics, sources, limit))


def render_pieces(
    diagnostics: Iterable[Diagnostic], sources: Sources, limit: int = MAX_SHOWN_DIAGNOSTICS
) -> Iterator[Piece]:
    """The same as pieces of text with a style ("" for none); joined they are ``render_text``."""
    found = tuple(diagnostics)
    shown = _most_important(found, limit)
    lines = _Lines(sources)
    for diagnostic in shown:
        yield from _one(diagnostic, lines)
    if len(found) > len(shown):
        left = len(found) - len(shown)
        yield f"... and {left} more; `--format json` has all of them\n", ""
    if found:
        yield f"{summary(found)}\n", "bold"


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """How many findings there are of each severity, in words."""
    counted = [
        _count(sum(d.severity == severity for d in diagnostics), severity) for severity in _STYLES
    ]
    return ", ".join(words for words in counted if words)


def to_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """All findings as a JSON object with schema ``helixc.diag/1``; a missing span is null."""
    found = tuple(diagnostics)
    return {
        "schema": SCHEMA,
        "errors": sum(d.severity == "error" for d in found),
        "warnings": sum(d.severity == "warning" for d in found),
        "diagnostics": [diagnostic_json(d) for d in found],
    }


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding as a JSON object."""
    return {
        "code": diagnostic.code,
        "title": CODES.get(diagnostic.code, ""),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "span": _span_json(diagnostic.span),
        "notes": [{"message": n.message, "span": _span_json(n.span)} for n in diagnostic.notes],
        "legal": list(diagnostic.legal),
    }


def _span_json(span: Span) -> dict[str, Any] | None:
    return None if span == NOWHERE else attrs.asdict(span)


def _most_important(found: tuple[Diagnostic, ...], limit: int) -> tuple[Diagnostic, ...]:
    """At most ``limit`` findings in their order; errors are the last to be left out."""
    if len(found) <= limit:
        return found
    ranked = sorted(range(len(found)), key=lambda i: (found[i].severity != "error", i))
    return tuple(found[i] for i in sorted(ranked[:limit]))


def _count(number: int, severity: str) -> str:
    if not number:
        return ""
    return f"{number} {severity}{'' if number == 1 else 's'}"


def _one(diagnostic: Diagnostic, lines: _Lines) -> Iterator[Piece]:
    style = _STYLES[diagnostic.severity]
    if diagnostic.span != NOWHERE:
        yield f"{_place(diagnostic.span)}: ", "bold"
    yield f"{diagnostic.severity}[{diagnostic.code}]", style
    yield f": {_readable(diagnostic.message)}\n", "bold"
    yield from _excerpt(diagnostic.span, lines, style)
    for note in diagnostic.notes:
        yield from _note(note, diagnostic.span, lines)
    if diagnostic.legal:
        yield "  legal: ", _STYLES["note"]
        yield f"{_readable(_legal(diagnostic.legal))}\n", ""


def _legal(legal: Sequence[str]) -> str:
    """What would have been legal in one line: signs in backquotes, a long list cut and counted."""
    shown = [f"`{one}`" if _SIGNS.fullmatch(one) else one for one in legal[:MOST_LEGAL]]
    left = len(legal) - len(shown)
    separator = "; " if any(", " in one for one in shown) else ", "
    return separator.join(shown) + (f" and {left} more" if left else "")


def _note(note: Note, primary: Span, lines: _Lines) -> Iterator[Piece]:
    yield "  note: ", _STYLES["note"]
    if note.span == NOWHERE:
        yield f"{_readable(note.message)}\n", ""
        return
    yield f"{_readable(note.message)} ({_place(note.span)})\n", ""
    if (note.span.file, note.span.line) != (primary.file, primary.line):
        yield from _excerpt(note.span, lines, _STYLES["note"])


def _readable(text: str) -> str:
    return shortened(escape(text))


def _place(span: Span) -> str:
    return f"{escape(span.file)}:{span.line}:{span.column}"


class _Lines:
    """The lines of the sources, each file cut once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._cut: dict[str, list[str]] = {}

    def line(self, span: Span) -> str | None:
        """The first line of a span, or None if it is not known."""
        if span.file not in self._cut:
            self._cut[span.file] = self._sources.get(span.file, "").split("\n")
        lines = self._cut[span.file]
        return lines[span.line - 1].rstrip("\r") if 1 <= span.line <= len(lines) else None


def _excerpt(span: Span, lines: _Lines, style: str) -> Iterator[Piece]:
    """The source line with carets below; nothing if the line is not known."""
    line = lines.line(span)
    if not line:
        return
    first = min(span.column - 1, len(line))
    last = span.end_column - 1 if span.end_line == span.line else len(line)
    text, start, length = _cells(*_crop(line, first, max(first + 1, last)))
    margin = " " * len(str(span.line))
    yield f"  {span.line} | ", "dim"
    yield f"{text}\n", ""
    yield f"  {margin} | ", "dim"
    yield f"{' ' * start}{'^' * length}\n", style


def _crop(line: str, first: int, last: int) -> tuple[str, int, int]:
    """A long line cut down to what surrounds the carets; ``...`` stands where something is missing."""
    if len(line) <= WIDTH:
        return line, first, min(last, len(line))
    left = max(0, min(first - WIDTH // 3, len(line) - WIDTH))
    before = "..." if left else ""
    after = "..." if left + WIDTH < len(line) else ""
    shift = left - len(before)
    text = f"{before}{line[left : left + WIDTH]}{after}"
    return text, first - shift, min(last - shift, len(before) + WIDTH)


def _cells(line: str, first: int, last: int) -> tuple[str, int, int]:
    """The printable line, and start and length of the carets, measured in cells of the screen."""
    printed: list[str] = []
    edges = [0]
    for char in line:
        shown = " " * (TAB - edges[-1] % TAB) if char == "\t" else visible(char)
        printed.append(shown)
        edges.append(edges[-1] + sum(_width(c) for c in shown))
    start, end = edges[first], edges[max(first, last)]
    return "".join(printed), start, max(1, end - start)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
