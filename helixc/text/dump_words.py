"""The words of a dump: names, values, places, numbers and layouts as text, and names back from it.

A name is bare where it is a plain word, perhaps with dots, and otherwise quoted as JSON quotes strings,
in ASCII, so that any name survives and a dump has the same bytes everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Self

from helixc.diagnostics import Span
from helixc.ir.layout import Layout
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType

# Keywords that stand where a name may stand too; every other keyword is free as a name.
RESERVED = frozenset(
    [
        "all_gather", "all_reduce", "all_to_all", "partial", "permute", "reduce_scatter", "reshard",
        "seed", "slice",
    ]
)  # fmt: skip

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_VALUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.~]*")
_PASSING = re.compile(r"partial (all|0|[1-9][0-9]{0,8})")
# A whole number with more digits than this is written as a float.
_WHOLE_LIMIT = 10**19


class Word(str):
    """A word as it stands in a dump: its text, its kind in the grammar, and where it stands.

    The parser looks at ``type`` alone; ``start_pos`` is what its errors tell.
    """

    __slots__ = ("span", "start_pos", "type")
    span: Span
    start_pos: int
    type: str

    def __new__(cls, text: str, kind: str, start: int, span: Span) -> Self:
        """The word of one kind at one place; ``start`` is its offset in the text."""
        word = super().__new__(cls, text)
        word.type = kind
        word.start_pos = start
        word.span = span
        return word


def quote(text: str) -> str:
    """Any text as a quoted string."""
    return json.dumps(text, ensure_ascii=True)


def show_name(name: str) -> str:
    """A name, quoted where it is no plain word."""
    plain = _WORD.fullmatch(name) is not None and name not in RESERVED
    return name if plain else quote(name)


def read_name(text: str) -> str:
    """The name that ``show_name`` wrote, as a plain ``str`` whatever ``text`` is."""
    if not text.startswith('"'):
        return str(text)
    name: str = json.loads(text)
    return name


def show_value(name: str) -> str:
    """A value: ``%`` and its name."""
    return "%" + _show_after_sigil(name)


def read_value(text: str) -> str:
    """The value that ``show_value`` wrote."""
    return read_name(text[1:])


def show_place(place: Place) -> str:
    """A place: ``@``, its scope, and the name there, if any."""
    name = f".{_show_after_sigil(place.name)}" if place.name else ""
    return f"@{place.scope}{name}"


def read_place(text: str) -> Place:
    """The place that ``show_place`` wrote."""
    scope, _, name = text[1:].partition(".")
    return Place(int(scope), read_name(name))


def _show_after_sigil(name: str) -> str:
    return name if _VALUE.fullmatch(name) else quote(name)


def show_number(number: float) -> str:
    """A number that reads back as the same value, whole numbers as such."""
    if isinstance(number, int) and abs(number) < _WHOLE_LIMIT:
        return str(int(number))
    exact = repr(float(number))
    short = f"{number:g}".replace("e+", "e")
    return short if "e" in short and float(short) == number else exact


def read_number(text: str) -> int | float:
    """The number that ``show_number`` wrote."""
    return int(text) if text.removeprefix("-").isdigit() else float(text)


def show_list(items: Iterable[str]) -> str:
    """Items in brackets."""
    return f"[{', '.join(items)}]"


def show_names(names: Iterable[str]) -> str:
    """Names in brackets."""
    return show_list(show_name(name) for name in names)


def show_product(names: Iterable[str]) -> str:
    """Names joined by ``*``."""
    return "*".join(show_name(name) for name in names)


def show_type(type_: TensorType) -> str:
    """A type: dtype and dimensions."""
    return f"{show_name(type_.dtype)}{show_names(type_.dims)}"


def show_layout(layout: Layout) -> str:
    """A layout: the atoms of each split dimension, how far its blocks are turned, what is partial."""
    places = {dim: f" + {count}" for dim, count in layout.turned}
    text = ", ".join(
        f"{show_name(dim)}: {show_product(atoms)}{places.get(dim, '')}"
        for dim, atoms in layout.split
    )
    if layout.partial or layout.kind:
        held = f"| partial {show_name(layout.kind)} over {show_product(layout.partial)}"
        text = f"{text} {held}".strip()
    return "{" + text.rstrip() + "}"


def show_partial(target: str) -> str:
    """What a way says of an atom that passes through ("partial 0", "partial all"); "" otherwise."""
    return target if _PASSING.fullmatch(target) else ""
