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
    yield "```text"
    yield f"$ helixc {' '.join(words)}"
    yield from printed(ROOT, *words)
    yield "```"


def printed(folder: Path, *words: str) -> list[str]:
    """The lines that a command prints on standard output when it runs in a folder."""
    answer = io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(answer),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        status = run(words)
    if status:
        raise ValueError(f"helixc {' '.join(words)} ends with {status}")
    return answer.getvalue().rstrip("\n").split("\n")
