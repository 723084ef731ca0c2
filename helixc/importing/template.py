"""Texts with gaps: lines of ``.hx`` with values to fill in, some of which only stand under a condition.

    x = x + $attention($norm(x, eps = $eps, over embed)[[windowed: , window = $window]])   #: not parallel

``$name`` is a value; its field becomes part of the line's comment.  ``[[condition: text]]`` stands where the
condition holds, and so does a line that ends in ``#: condition``.  A text that opens with ``#? condition`` is
left out as a whole without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files

import attrs

from helixc.importing.formulas import Value, Values, holds

_SLOT = re.compile(r"\$([a-z_0-9]+)")
_PART = re.compile(r"\[\[(.+?): (.*?)\]\]")
_CONDITION = re.compile(r"\s*#: (.+)$")
# Comments stand in one column up to this one; a longer line is followed by its own.
_COLUMN = 64
# From here on a whole number has its digits in threes.
_GROUPED_FROM = 10_000


@attrs.frozen
class Line:
    """One line of text, and what its comment says."""

    text: str
    comment: str = ""


def read_template(name: str) -> str:
    """The template of a name."""
    where = files("helixc").joinpath("importing", "texts", f"{name}.hxt")
    return where.read_text(encoding="utf-8")


def fill(template: str, values: Values, origins: Mapping[str, str]) -> Iterator[Line]:
    """The lines of a template that stand, filled in; none if it does not stand as a whole."""
    lines = template.rstrip("\n").split("\n")
    if lines[0].startswith("#? "):
        if not holds(lines[0].removeprefix("#? "), values):
            return
        del lines[0]
    for line in lines:
        condition = _CONDITION.search(line)
        if condition is None:
            yield _filled(line, values, origins)
        elif holds(condition.group(1), values):
            yield _filled(line[: condition.start()], values, origins)


def lay_out(lines: Iterable[Line]) -> str:
    """The text of lines: comments of lines below each other begin in one column, blank lines stand alone."""
    text: list[str] = []
    block: list[Line] = []
    for line in (*lines, Line("")):
        if line.text:
            block.append(line)
            continue
        text.extend(_aligned(block))
        if block:
            text.append("")
        block = []
    return "\n".join(text)


def number_text(value: Value) -> str:
    """A value as the language writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return number_text(int(value))
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= _GROUPED_FROM else str(value)
    if isinstance(value, float):
        return re.sub(r"e([+-])0*", r"e\1", repr(value)).replace("e+", "e")
    return str(value)


def _filled(line: str, values: Values, origins: Mapping[str, str]) -> Line:
    whole = _PART.sub(lambda part: part[2] if holds(part[1], values) else "", line)
    text, mark, comment = whole.partition("  # ")
    used = [origins.get(slot, "") for slot in _SLOT.findall(text)]
    fixed = comment.strip() if mark else ""
    notes = dict.fromkeys(note for note in (fixed, *used) if note)
    filled = _SLOT.sub(lambda slot: number_text(values[slot[1]]), text)
    return Line(filled.rstrip(), ", ".join(notes))


def _aligned(block: list[Line]) -> Iterator[str]:
    lengths = (len(line.text) for line in block if line.comment)
    width = max((length for length in lengths if length <= _COLUMN), default=0)
    for line in block:
        yield f"{line.text:<{width}}  # {line.comment}" if line.comment else line.text
