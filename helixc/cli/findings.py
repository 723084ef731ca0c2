"""Shows findings: for people on standard error, for programs on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from helixc import __version__
from helixc.cli.loudness import Loudness, loudness
from helixc.cli.status import DONE, FINDINGS, NAMED_ON_THE_COMMAND_LINE, USAGE
from helixc.cli.terminal import hand_over, say
from helixc.diagnostics import NOWHERE, Diagnostic, HelixError
from helixc.render import render_pieces, render_text, to_json


def show_error(error: HelixError, output_format: str) -> int:
    """Show what is wrong with a program; the result is the exit status."""
    if output_format == "json":
        show_json(to_json(error.diagnostics))
    elif output_format == "sarif":
        show_sarif(error.diagnostics)
    else:
        show_text(error.diagnostics, error.sources)
    return status_of(error.diagnostics)


def show_text(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> None:
    """Findings on standard error, coloured if that is a terminal; only errors if that is wanted."""
    quiet = loudness() is Loudness.QUIET
    found = tuple(d for d in diagnostics if d.severity == "error" or not quiet)
    if not found:
        return
    if not sys.stderr.isatty():
        for line in render_text(found, sources).splitlines():
            say(line, err=True)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    console.print(Text.assemble(*render_pieces(found, sources)), end="")


def show_json(answer: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """One JSON object, or a list of them, on standard output."""
    hand_over(json.dumps(answer, indent=2) + "\n")


def show_sarif(
    diagnostics: Iterable[Diagnostic], properties: Mapping[str, Any] | None = None
) -> None:
    """Findings as SARIF on standard output; ``properties`` are what else a command answers."""
    from helixc.sarif import to_sarif

    show_json(to_sarif(diagnostics, __version__, properties))


def status_of(diagnostics: Iterable[Diagnostic]) -> int:
    """The exit status that findings lead to; warnings alone are no failure."""
    errors = [d for d in diagnostics if d.severity == "error"]
    if not errors:
        return DONE
    named = (d.code in NAMED_ON_THE_COMMAND_LINE and d.span == NOWHERE for d in errors)
    return USAGE if all(named) else FINDINGS
