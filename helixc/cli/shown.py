"""Shows lines of styled pieces on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from helixc.cli.terminal import say
from helixc.printable import escape
from helixc.render import Piece


def show_lines(lines: Iterable[tuple[Piece, ...]]) -> None:
    """The lines, coloured if standard output is a terminal; what does not print is escaped."""
    escaped = [tuple((escape(text), style) for text, style in line) for line in lines]
    if not sys.stdout.isatty():
        for line in escaped:
            say("".join(text for text, _ in line))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    for line in escaped:
        console.print(Text.assemble(*line))
