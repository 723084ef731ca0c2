"""Pieces of Markdown: tables, lists and text that means only itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from helixc.printable import escape

# What would start a table cell, an emphasis, a link, HTML or code in the middle of a sentence.
_SPECIAL = "\\`*_[]<>|"


def plain(text: str) -> str:
    """Text with nothing in it that Markdown would read as markup, on one line.

    Code between backquotes, as messages have it, stays code.
    """
    parts = escape(" ".join(text.split())).split("`")
    if len(parts) % 2 == 0:
        return _escaped("`".join(parts))
    return "".join(
        _escaped(part) if index % 2 == 0 else code(part) for index, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Text as code; it may stand in a table."""
    harmless = escape(" ".join(text.split())).replace("`", "'").replace("|", "/")
    return f"`{harmless}`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table and an empty line.  A column named with a trailing ``>`` is aligned to the right."""
    yield _line([column.removesuffix(">").strip() for column in columns])
    yield _line(["---:" if column.endswith(">") else "---" for column in columns])
    for row in rows:
        yield _line(row)
    yield ""


def fenced(lines: Iterable[str]) -> Iterator[str]:
    """Lines as they are, in a fixed width, and an empty line."""
    yield "```text"
    yield from map(escape, lines)
    yield "```"
    yield ""


def bullets(sentences: Iterable[str]) -> Iterator[str]:
    """A list and an empty line."""
    for sentence in sentences:
        yield f"- {sentence}"
    yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in text)
