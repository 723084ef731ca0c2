"""What can be said about a text before it is parsed: its brackets, its depth, its size."""

from __future__ import annotations

import re

import attrs

from helixc.diagnostics import Diagnostic, Note
from helixc.limits import (
    MAX_LINE_CHARACTERS,
    MAX_NESTING,
    MAX_SHOWN_DIAGNOSTICS,
    MAX_STATEMENTS,
)
from helixc.text.scan import SourceText

_LANDMARK = re.compile(r"#[^\n]*|[()\[\]{};\n]")
_CLOSER = {"(": ")", "[": "]", "{": "}"}
# What begins a line and can only stand outside every block.
_DECLARATION = re.compile(r"^(import|model|layer|plan|link|cluster)\b", re.MULTILINE)
_OPEN_ENDED = tuple(",=:+-*/%<>")


@attrs.frozen
class BracketCheck:
    """Findings about brackets and limits.

    ``blanked`` are the offsets of round and square brackets to ignore when reading on.
    ``readable`` is false where reading on would find only consequences of what was found.
    """

    findings: tuple[Diagnostic, ...] = ()
    blanked: tuple[int, ...] = ()
    readable: bool = True


def check_brackets(source: SourceText) -> BracketCheck:
    """Check that brackets match and that depth and number of statements keep their limits."""
    matcher = _Matcher(source)
    for landmark in _LANDMARK.finditer(source.text):
        matcher.meet(landmark.group()[0], landmark.start(), landmark.end())
        if not matcher.readable:
            break
    else:
        matcher.finish()
    return BracketCheck(tuple(matcher.findings), tuple(matcher.blanked), matcher.readable)


class _Matcher:
    """Follows the brackets of a text from left to right."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.findings: list[Diagnostic] = []
        self.blanked: list[int] = []
        self.readable = True
        self._crooked: Note | None = None
        self._open: list[tuple[str, int]] = []
        self._statements = 0
        self._begin = 0

    def meet(self, sign: str, offset: int, end: int) -> None:
        """Take the next landmark: a bracket, a comment, a line end or ``;``."""
        if sign in "([":
            self._push(sign, offset)
        elif sign in ")]":
            self._close_inner(sign, offset)
        elif sign == "#":
            self._count(offset)
            self._begin = end
        else:
            if sign != "\n":
                self._give_up_inner()
            self._count(offset)
            if sign == "{":
                self._push(sign, offset)
            elif sign == "}":
                self._close_block(offset)

    def finish(self) -> None:
        """Report what is still open at the end."""
        self._count(len(self.source.text))
        self._give_up_inner()
        for sign, offset in self._open:
            message = f"`{sign}` on line {self.source.line(offset)} is never closed"
            self._report(offset, message, self._crooked or self._begins_inside(offset))
            self.readable = False

    def _push(self, sign: str, offset: int) -> None:
        self._open.append((sign, offset))
        if len(self._open) > MAX_NESTING:
            message = f"brackets and blocks are nested more than {MAX_NESTING} deep here"
            self._stop("HX0004", f"{message}; name an inner part", offset)

    def _close_inner(self, sign: str, offset: int) -> None:
        opener, opened = self._open[-1] if self._open else ("{", 0)
        if opener == "{":
            self._report(offset, f"`{sign}` closes nothing; no bracket is open here")
            self.blanked.append(offset)
            return
        self._open.pop()
        if _CLOSER[opener] != sign:
            note = Note(f"`{opener}` was opened here", self.source.span(opened, opened + 1))
            message = f"`{sign}` cannot close `{opener}`; `{_CLOSER[opener]}` expected"
            self._report(offset, message, note, _CLOSER[opener])
            self.blanked += (opened, offset)

    def _close_block(self, offset: int) -> None:
        if self._open:
            self._compare(self._open.pop()[1], offset)
            return
        self._report(offset, "`}` closes nothing; no block is open here", self._crooked)
        self.readable = False

    def _compare(self, opened: int, closed: int) -> None:
        """Keep the first `}` that begins its line at another column than the line of its `{`."""
        start = self.source.text.rfind("\n", 0, closed) + 1
        blank = not self.source.text[start:closed].strip()
        if self._crooked is None and blank and closed - start != self._indentation(opened):
            message = f"the first doubtful `}}`: it closes the `{{` on line {self.source.line(opened)}, which is indented otherwise"
            self._crooked = Note(message, self.source.span(closed, closed + 1))

    def _indentation(self, offset: int) -> int:
        start = self.source.text.rfind("\n", 0, offset) + 1
        line = self.source.text[start:offset]
        return len(line) - len(line.lstrip())

    def _begins_inside(self, offset: int) -> Note | None:
        """Where a declaration begins that cannot stand inside the block open since ``offset``."""
        found = _DECLARATION.search(self.source.text, offset)
        if found is None:
            return None
        word = found.group(1)
        message = f"`{word}` begins on line {self.source.line(found.start())} while it is open: is a `}}` missing above?"
        return Note(message, self.source.span(found.start(1), found.end(1)))

    def _give_up_inner(self) -> None:
        """Report the round and square brackets open where a statement must end, one a line."""
        unclosed: list[tuple[str, int]] = []
        while self._open and self._open[-1][0] != "{":
            unclosed.append(self._open.pop())
        self.blanked += [offset for _, offset in unclosed]
        outermost = {self.source.line(offset): (sign, offset) for sign, offset in unclosed}
        for line, (sign, offset) in outermost.items():
            message = f"`{sign}` on line {line} is never closed; `{_CLOSER[sign]}` expected"
            self._report(offset, message, None, _CLOSER[sign])

    def _count(self, offset: int) -> None:
        """Count a statement if the text since the last line end holds one that ends here."""
        piece = self.source.text[self._begin : offset].strip()
        self._begin = offset + 1
        if len(piece) > MAX_LINE_CHARACTERS:
            message = (
                f"this line has {len(piece)} characters of code; at most {MAX_LINE_CHARACTERS}"
            )
            self._stop(
                "HX0015", f"{message} are read; break it inside brackets", offset - len(piece)
            )
        if not piece or piece.endswith(_OPEN_ENDED):
            return
        self._statements += 1
        if self._statements > MAX_STATEMENTS:
            message = f"more than {MAX_STATEMENTS} statements in one file"
            self._stop("HX0005", f"{message}; split it with `import`", offset)

    def _report(self, offset: int, message: str, note: Note | None = None, legal: str = "") -> None:
        span = self.source.span(offset, offset + 1)
        notes = (note,) if note else ()
        legals = (legal,) if legal else ()
        self.findings.append(Diagnostic("HX0103", message, span, "error", notes, legals))
        if len(self.findings) >= MAX_SHOWN_DIAGNOSTICS:
            self.readable = False

    def _stop(self, code: str, message: str, offset: int) -> None:
        self.findings.append(Diagnostic(code, message, self.source.span(offset, offset + 1)))
        self.readable = False
