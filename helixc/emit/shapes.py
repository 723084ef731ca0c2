"""The few shapes of SVG that plates are made of; every text is escaped and cut to its place."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from helixc.emit.dot import FONT

INK = "#222222"
FAINT = "#777777"
GRID = "#DDDDDD"
# How wide a character of the font is in text on average, at most, in font sizes.
CHARACTER = 0.64

_FONTS = f"{FONT},Verdana,Helvetica,Arial,sans-serif"


def box(
    corner: tuple[float, float],
    size: tuple[float, float],
    fill: str,
    *,
    stroke: str = "none",
    thick: float = 1,
) -> str:
    """A rectangle by its upper left corner."""
    (x, y), (width, height) = corner, size
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{_number(thick)}"/>'
    )


def patch(
    corner: tuple[float, float], cell: float, runs: Iterable[tuple[int, int, int]], fill: str
) -> str:
    """Cells of a grid in one colour: of each run its row, its first column, and how many there are."""
    (left, top), side = corner, _number(cell)
    steps = "".join(
        f"M{_number(left + column * cell)} {_number(top + row * cell)}h{_number(length * cell)}v{side}"
        f"h-{_number(length * cell)}z"
        for row, column, length in runs
    )
    return f'<path fill="{fill}" d="{steps}"/>'


def line(
    start: tuple[float, float], end: tuple[float, float], *, colour: str = INK, thick: float = 1
) -> str:
    """A straight line."""
    (x1, y1), (x2, y2) = start, end
    places = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
    return f'<line {places} stroke="{colour}" stroke-width="{_number(thick)}"/>'


def text(
    place: tuple[float, float],
    words: str,
    *,
    size: float = 11,
    anchor: str = "start",
    colour: str = INK,
    bold: bool = False,
) -> str:
    """One line of text on its base line."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{_number(place[0])}" y="{_number(place[1])}" font-size="{_number(size)}" '
        f'text-anchor="{anchor}" fill="{colour}"{weight}>{escape(printable(words))}</text>'
    )


def printable(words: str) -> str:
    """Text without characters that are not seen, such as marks that turn the direction of reading."""
    return "".join(c if c.isprintable() else " " for c in words)


def cut(words: str, most: int) -> str:
    """Text of at most ``most`` characters, an ellipsis for the rest."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def width_of(words: str, size: float = 11) -> float:
    """How wide a line of text is at most, about."""
    return len(words) * size * CHARACTER


def characters_in(width: float, size: float = 11) -> int:
    """How many characters of a line of text fit a width."""
    return int(width / width_of(" ", size) + 0.01)


def plate(size: tuple[float, float], title: str, parts: Iterable[str]) -> str:
    """A whole SVG file on white; ``title`` is what a screen reader says."""
    width, height = (_number(length) for length in size)
    root = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"'
    lines = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {root} font-family="{_FONTS}">',
        f"<title>{escape(printable(title))}</title>",
        box((0, 0), size, "white"),
        *parts,
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """A number in as few digits as a tenth needs."""
    return f"{value:.1f}".rstrip("0").rstrip(".")
