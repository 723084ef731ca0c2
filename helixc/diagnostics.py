"""Findings about a user's program: where, what was found, and what would have been legal.

Two kinds of failure exist and never mix.  A wrong *program* yields ``Diagnostic`` records, all of
them at once, raised together as ``HelixError`` at the edge.  A wrong *compiler* raises
``CompilerBug``, which names the pass and the broken fact.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Literal

import attrs

Severity = Literal["error", "warning", "note"]


@attrs.frozen
class Span:
    """A stretch of source text; lines and columns count from 1, the end column is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE = Span(file="", line=0, column=0, end_line=0, end_column=0)


@attrs.frozen
class Note:
    """A second place that belongs to a finding, or (without a span) a remark."""

    message: str
    span: Span = NOWHERE


@attrs.frozen
class Fix:
    """An edit that mends a finding: ``what`` says it, ``pieces`` are stretches and what stands there instead."""

    what: str
    pieces: tuple[tuple[Span, str], ...]


@attrs.frozen
class Diagnostic:
    """One finding; ``code`` is stable (see ``codes.py``), ``message`` may be reworded.

    ``legal`` lists what would have been accepted instead, cheapest or nearest first; ``fixes`` are edits of
    the text that were tried and accepted, best first.
    """

    code: str
    message: str
    span: Span = NOWHERE
    severity: Severity = "error"
    notes: tuple[Note, ...] = ()
    legal: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


class HelixError(Exception):
    """The user's program is wrong; carries every diagnostic that was found.

    ``sources`` maps a file name, as it stands in spans, to its text, for rendering.
    """

    def __init__(
        self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None
    ) -> None:
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources or {})
        super().__init__("; ".join(f"{d.code}: {d.message}" for d in self.diagnostics))


class CompilerBug(Exception):
    """The compiler is wrong: a pass broke a fact that it promised to keep."""


# How many of the calls that lead to a finding are shown: the nearest are what tells calls apart.
_CALLS_SHOWN = 3


class Findings:
    """Collects diagnostics, so that one phase reports all of its findings at once."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, tuple[Note, ...]] = {}
        self._calls: list[Note] = []

    @contextmanager
    def called(self, name: str, span: Span) -> Generator[None]:
        """What is found meanwhile is found in a body that was called at ``span``, and says so."""
        self._calls.append(Note(f"in this call of `{name}`", span))
        try:
            yield
        finally:
            self._calls.pop()

    def error(
        self,
        code: str,
        message: str,
        span: Span = NOWHERE,
        *,
        notes: Iterable[Note] = (),
        legal: Iterable[str] = (),
    ) -> None:
        """Record an error."""
        self.add(Diagnostic(code, message, span, "error", tuple(notes), tuple(legal)))

    def warn(
        self,
        code: str,
        message: str,
        span: Span = NOWHERE,
        *,
        notes: Iterable[Note] = (),
        legal: Iterable[str] = (),
    ) -> None:
        """Record a warning."""
        self.add(Diagnostic(code, message, span, "warning", tuple(notes), tuple(legal)))

    def add(self, diagnostic: Diagnostic) -> None:
        """Record a finding once; an equal one, of another call too, is already known."""
        self._found.setdefault(diagnostic, tuple(self._calls[: -_CALLS_SHOWN - 1 : -1]))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record several findings."""
        for diagnostic in diagnostics:
            self.add(diagnostic)

    @property
    def all(self) -> tuple[Diagnostic, ...]:
        """Every finding so far, in the order of the source."""
        found = (attrs.evolve(d, notes=(*d.notes, *calls)) for d, calls in self._found.items())
        return tuple(sorted(found, key=_position))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors among the findings."""
        return tuple(d for d in self.all if d.severity == "error")

    def stop_on_errors(self, sources: Mapping[str, str] | None = None) -> None:
        """Raise ``HelixError`` with all findings if any of them is an error."""
        if self.errors:
            raise HelixError(self.all, sources)


def _position(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code)
