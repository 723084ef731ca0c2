"""Blocks that show what a command prints."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from helixc.cli.main import run

ROOT = Path(__file__).resolve().parent.parent


def shown(*words: str) -> Iterator[str]:
    """A command, and what it prints on standard output when it runs in the repository's folder."""
    printed = io.StringIO()
    with (
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        status = run(words)
    if status:
        raise ValueError(f"helixc {' '.join(words)} ends with {status}")
    yield "```text"
    yield f"$ helixc {' '.join(words)}"
    yield printed.getvalue().rstrip("\n")
    yield "```"
