"""What a result says of itself where it is looked at: one line in a console, a card in a notebook.

A card is small whatever the program: cells, rows, findings and the picture have their bounds, and what is
left out is counted.  All of its text is escaped, and the picture is an image, in which nothing can run.
"""

from __future__ import annotations

import base64
import html
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import attrs

from helixc.printable import escape

MOST_ROWS = 8
MOST_CHARACTERS = 240
MOST_LINES = 40
MOST_PICTURE_BYTES = 400_000

_LEFT = ' style="text-align:left"'
_WRAPPED = ' style="white-space:pre-wrap"'
_WIDE = "max-width:100%;background:white"


@attrs.frozen(kw_only=True)
class Listing:
    """Rows of as many cells as there are columns; ``where`` all of them are to be had."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    where: str


@attrs.frozen(kw_only=True)
class Picture:
    """An SVG text, and what it shows in words."""

    svg: str
    shows: str


@attrs.frozen(kw_only=True)
class Card:
    """A title, facts as (name, value), tables, findings as lines of text, and a picture."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Listing, ...] = ()
    findings: str = ""
    picture: Picture | None = None

    @property
    def html(self) -> str:
        """The card as a fragment of HTML."""
        return "\n".join(["<div>", *self._parts(), "</div>"])

    def _parts(self) -> Iterator[str]:
        yield f"<p><b>{_text(self.title)}</b></p>"
        if self.facts:
            yield from _rows("", self.facts)
        for table in self.tables:
            head = "".join(f"<th{_LEFT}>{_text(name)}</th>" for name in table.columns)
            yield from _rows(f"<tr>{head}</tr>", table.rows[:MOST_ROWS])
            if len(table.rows) > MOST_ROWS:
                yield f"<p>... and {len(table.rows) - MOST_ROWS} more: {_text(table.where)}</p>"
        if self.findings:
            yield from _lines(self.findings.rstrip("\n").split("\n"))
        if self.picture is not None:
            yield _image(self.picture)


class Shown(ABC):
    """A result that shows itself; its ``repr`` is one line."""

    __slots__ = ()

    @property
    @abstractmethod
    def headline(self) -> str:
        """What it is, in one line, without working anything out."""

    @abstractmethod
    def card(self) -> Card:
        """What is worth knowing of it at first sight."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {_shortened(escape(self.headline))}>"

    def _repr_html_(self) -> str:
        return self.card().html


def _rows(head: str, rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"<table>{head}"
    for row in rows:
        yield f"<tr>{''.join(f'<td{_LEFT}>{_text(cell)}</td>' for cell in row)}</tr>"
    yield "</table>"


def _lines(lines: Sequence[str]) -> Iterator[str]:
    shown = [*map(_text, lines[:MOST_LINES])]
    left_out = len(lines) - len(shown)
    yield f"<pre{_WRAPPED}>{chr(10).join(shown)}</pre>"
    if left_out:
        yield f"<p>... and {left_out} more lines</p>"


def _image(picture: Picture) -> str:
    shows = _text(picture.shows)
    data = picture.svg.encode()
    if len(data) > MOST_PICTURE_BYTES:
        return f"<p>{shows}: too large to show here</p>"
    source = f"data:image/svg+xml;base64,{base64.b64encode(data).decode()}"
    return f'<img alt="{shows}" title="{shows}" style="{_WIDE}" src="{source}">'


def _text(text: str) -> str:
    return html.escape(_shortened(escape(text)))


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."
