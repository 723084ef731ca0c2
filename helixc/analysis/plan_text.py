"""Edits of a plan as it is written: which stretch of the text goes, and what stands there instead.

Edits leave comments and layout of everything else alone, so that what is announced can be typed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import attrs

from helixc.diagnostics import Span
from helixc.ir.source import InBlock, PlanDecl, PlanLine

Block = InBlock | PlanDecl


@attrs.frozen(order=True)
class Replacement:
    """The characters from ``start`` up to ``end`` of a text become ``new``."""

    start: int
    end: int
    new: str


@attrs.frozen(kw_only=True)
class Edit:
    """An edit of one file: ``what`` it does, in words, and its replacements, which do not overlap."""

    what: str
    replacements: tuple[Replacement, ...]

    def apply(self, text: str) -> str:
        """The text after the edit."""
        pieces: list[str] = []
        position = 0
        for replacement in sorted(self.replacements):
            pieces += [text[position : replacement.start], replacement.new]
            position = replacement.end
        return "".join([*pieces, text[position:]])


class PlanText:
    """The text of one plan: where its statements stand, and how to take them out or put them in."""

    def __init__(self, text: str, plan: PlanDecl) -> None:
        self.text = text
        self.plan = plan
        lengths = (len(line) + 1 for line in text.split("\n"))
        self._starts = (0, *accumulate(lengths))

    def written(self, span: Span) -> str:
        """What stands at a span."""
        start, end = self._range(span)
        return self.text[start:end]

    def replaced(self, span: Span, new: str) -> Replacement:
        """Something else at a span."""
        return Replacement(*self._range(span), new)

    def without(self, line: PlanLine, around: tuple[InBlock, ...] = ()) -> Replacement:
        """A line taken out, with its separator; a block that it leaves empty goes too."""
        if around and around[-1].lines == (line,):
            return self.without(around[-1], around[:-1])
        start, end = self._extent(line)
        before = self.text[self._line_start(start) : start]
        after = self.text[end : self._line_end(end)]
        if after.lstrip().startswith(";"):
            end += len(after) - len(after.lstrip()) + 1
            return Replacement(start, self._past_blanks(end), "")
        if before.rstrip().endswith(";"):
            kept = before.rstrip().removesuffix(";").rstrip()
            return Replacement(self._line_start(start) + len(kept), end, "")
        if not before.strip() and (not after.strip() or after.lstrip().startswith("#")):
            return Replacement(self._line_start(start), self._line_end(end) + 1, "")
        return Replacement(start, self._past_blanks(end), "")

    def at_end(self, block: Block, new: str) -> Replacement:
        """A line put in at the end of a block, after everything else in it."""
        if block.lines:
            return self._behind(block.lines[-1], block, new)
        opening, _ = self._braces(block)
        return Replacement(opening + 1, opening + 1, f" {new} ")

    def among_own(self, block: Block, new: str) -> Replacement:
        """A line put in behind the lines that are a block's own: its inner blocks come later."""
        own = [line for line in block.lines if not isinstance(line, InBlock)]
        if own:
            return self._behind(own[-1], block, new)
        if not block.lines:
            return self.at_end(block, new)
        start, _ = self._extent(block.lines[0])
        indent = self._indent(start)
        separator = f"\n{indent}" if self._has_lines(block) else "; "
        return Replacement(start, start, f"{new}{separator}")

    def _behind(self, line: PlanLine, block: Block, new: str) -> Replacement:
        start, end = self._extent(line)
        line_end = self._line_end(end)
        rest = self.text[end:line_end].strip()
        if not self._has_lines(block) or (rest and not rest.startswith("#")):
            return Replacement(end, end, f"; {new}")
        return Replacement(line_end, line_end, f"\n{self._indent(start)}{new}")

    def _range(self, span: Span) -> tuple[int, int]:
        return (
            self._starts[span.line - 1] + span.column - 1,
            self._starts[span.end_line - 1] + span.end_column - 1,
        )

    def _extent(self, line: PlanLine) -> tuple[int, int]:
        """A statement from its first character to its last; a block's span is only its head."""
        start, end = self._range(line.span)
        return (start, self._braces(line)[1] + 1) if isinstance(line, InBlock) else (start, end)

    def _braces(self, block: Block) -> tuple[int, int]:
        """Where a block opens and closes."""
        opening, depth, comment = -1, 0, False
        for position in range(self._range(block.span)[1], len(self.text)):
            char = self.text[position]
            comment = char == "#" or (comment and char != "\n")
            if comment or char not in "{}":
                continue
            opening = position if opening < 0 else opening
            depth += 1 if char == "{" else -1
            if depth == 0:
                return opening, position
        return opening, len(self.text)

    def _has_lines(self, block: Block) -> bool:
        opening, closing = self._braces(block)
        return "\n" in self.text[opening:closing]

    def _indent(self, position: int) -> str:
        line = self.text[self._line_start(position) : position]
        return line[: len(line) - len(line.lstrip())]

    def _line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    def _past_blanks(self, position: int) -> int:
        while self.text[position : position + 1] in (" ", "\t"):
            position += 1
        return position


@attrs.frozen
class ChangedLine:
    """Lines of a file that an edit changes: from ``number`` on, as they were and as they become."""

    number: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def changed_lines(text: str, edit: Edit) -> tuple[ChangedLine, ...]:
    """What an edit does to the lines of a text, one entry for each place."""
    return tuple(_changed(text, group) for group in _by_line(text, edit.replacements))


def _by_line(text: str, replacements: Iterable[Replacement]) -> list[list[Replacement]]:
    """Replacements that touch the same line, together."""
    groups: list[list[Replacement]] = []
    for one in sorted(replacements):
        if groups and "\n" not in text[groups[-1][-1].end : one.start]:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _changed(text: str, group: list[Replacement]) -> ChangedLine:
    start = text.rfind("\n", 0, group[0].start) + 1
    end = text.find("\n", max(group[-1].end - 1, group[-1].start))
    end = len(text) if end < 0 else end
    shifted = [Replacement(r.start - start, r.end - start, r.new) for r in group]
    # A line that goes takes its line end along, which is not part of what is shown.
    old = text[start:end] + "\n"
    new = Edit(what="", replacements=tuple(shifted)).apply(old)
    before, after = old.split("\n")[:-1], new.split("\n")[:-1]
    number = text.count("\n", 0, start) + 1
    while before and after and before[0] == after[0]:
        before, after, number = before[1:], after[1:], number + 1
    return ChangedLine(number, tuple(before), tuple(after))
