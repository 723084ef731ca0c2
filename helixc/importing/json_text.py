"""JSON with places: every value knows the line and column where it stands.

The file may come from anyone: depth is bounded, nothing recurses, no number is computed that could take
long, and a name that occurs twice in an object is a finding, for readers disagree on which of them counts.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, Literal

import attrs

from helixc.diagnostics import Findings, Note, Span
from helixc.limits import MAX_NESTING

Kind = Literal["object", "list", "text", "number", "flag", "null"]
# A number of more characters than this is no size, and Python refuses to read some of them.
MAX_NUMBER_CHARACTERS: Final = 64

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")'
    r"|(?P<number>-?(?:Infinity\b|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|NaN\b)"
    r"|(?P<word>true\b|false\b|null\b)"
    r"|(?P<mark>[{}\[\],:])"
)
_BLANK = re.compile(r"[ \t\n\r]*")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


@attrs.frozen
class Json:
    """One value; ``value`` is what Python makes of it, with ``Json`` inside lists and objects.

    A number that is too long to be a size is read as infinity.
    """

    kind: Kind
    value: Mapping[str, Json] | tuple[Json, ...] | str | int | float | bool | None
    span: Span
    names: Mapping[str, Span] = attrs.field(factory=dict[str, Span], repr=False)

    @property
    def members(self) -> Mapping[str, Json]:
        """What an object holds, by name; nothing if this is none."""
        return self.value if isinstance(self.value, Mapping) else {}


def read_json(text: str, file: str, findings: Findings) -> Json | None:
    """The value of a whole text; None if it is no JSON, which is then among the findings."""
    reader = _Reader(text, file, findings)
    try:
        return reader.whole()
    except _WrongError:
        return None


class _WrongError(Exception):
    """Ends the reading after its finding was recorded."""


@attrs.define
class _Open:
    """A list or an object that is not closed yet; ``name``: of the member that comes next."""

    start: int
    kind: Literal["object", "list"]
    values: list[Json] = attrs.field(factory=list[Json])
    members: dict[str, Json] = attrs.field(factory=dict[str, Json])
    names: dict[str, Span] = attrs.field(factory=dict[str, Span])
    name: str = ""

    def put(self, value: Json) -> None:
        """Take in the value of the member that was named, or the next of the list."""
        if self.kind == "object":
            self.members[self.name] = value
        else:
            self.values.append(value)


class _Reader:
    """One text, read once from left to right."""

    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self._text = text
        self._file = file
        self._findings = findings
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._at = 0

    def whole(self) -> Json:
        """The one value of the text."""
        stack: list[_Open] = []
        while True:
            value = self._value(stack)
            while value is not None:
                if not stack:
                    return self._last(value)
                stack[-1].put(value)
                value = self._next(stack)

    def _last(self, value: Json) -> Json:
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("the end of the file")
        return value

    def _value(self, stack: list[_Open]) -> Json | None:
        """A whole value, or None where a list or an object with something in it begins."""
        kind, piece, start = self._piece("a value")
        if kind == "text":
            return Json("text", _unescaped(piece), self._span(start))
        if kind == "number":
            return Json("number", _number(piece), self._span(start))
        if kind == "word":
            word = _WORDS[piece]
            return Json("null" if word is None else "flag", word, self._span(start))
        if piece not in "[{":
            raise self._wrong("a value", start)
        opened = _Open(start, "object" if piece == "{" else "list")
        stack.append(opened)
        if len(stack) > MAX_NESTING:
            message = f"nested deeper than {MAX_NESTING}"
            self._findings.error("HX0004", message, self._span(start))
            raise _WrongError
        if self._closes(opened):
            return self._closed(stack)
        if opened.kind == "object":
            self._member(opened)
        return None

    def _next(self, stack: list[_Open]) -> Json | None:
        """After a value: None if another one comes in what is open, else what has been closed."""
        if self._closes(stack[-1]):
            return self._closed(stack)
        end = "}" if stack[-1].kind == "object" else "]"
        _, piece, start = self._piece(f"`,` or `{end}`")
        if piece != ",":
            raise self._wrong(f"`,` or `{end}`", start)
        if stack[-1].kind == "object":
            self._member(stack[-1])
        return None

    def _closes(self, opened: _Open) -> bool:
        self._skip()
        return self._text[self._at : self._at + 1] == ("}" if opened.kind == "object" else "]")

    def _closed(self, stack: list[_Open]) -> Json:
        self._at += 1
        done = stack.pop()
        span = self._span(done.start)
        if done.kind == "object":
            return Json("object", done.members, span, done.names)
        return Json("list", tuple(done.values), span)

    def _member(self, opened: _Open) -> None:
        """The name of a member, and the colon after it."""
        kind, piece, start = self._piece("a name in quotes")
        if kind != "text":
            raise self._wrong("a name in quotes", start)
        name, span = _unescaped(piece), self._span(start)
        if name in opened.names:
            note = Note("the first one", opened.names[name])
            self._findings.error(
                "HX1002", f"`{name}` stands twice in this object", span, notes=(note,)
            )
        opened.names.setdefault(name, span)
        opened.name = name
        _, piece, start = self._piece("`:`")
        if piece != ":":
            raise self._wrong("`:`", start)

    def _piece(self, wanted: str) -> tuple[str, str, int]:
        """What kind the next piece of text is, its text, and where it begins."""
        self._skip()
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            raise self._wrong(wanted)
        start, self._at = self._at, match.end()
        return match.lastgroup, match.group(), start

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at

    def _wrong(self, wanted: str, at: int | None = None) -> _WrongError:
        start = self._at if at is None else at
        found = f"`{self._text[start]}`" if start < len(self._text) else "the end of the file"
        self._at = min(start + 1, len(self._text))
        message = f"this is no JSON: {wanted} expected, not {found}"
        self._findings.error("HX1001", message, self._span(start))
        return _WrongError()

    def _span(self, start: int) -> Span:
        """From ``start`` to where the reading stands."""
        line, column = self._place(start)
        end_line, end_column = self._place(self._at)
        return Span(self._file, line, column, end_line, end_column)

    def _place(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1


def _number(piece: str) -> int | float:
    if len(piece) > MAX_NUMBER_CHARACTERS:
        return float("-inf") if piece.startswith("-") else float("inf")
    try:
        return int(piece)
    except ValueError:
        return float(piece)


def _unescaped(piece: str) -> str:
    r"""What a string says; of an escape that JSON does not know (``\x``) the text as it stands."""
    try:
        return str(json.loads(piece))
    except ValueError:
        return piece[1:-1]
