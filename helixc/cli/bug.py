"""What helixc says when it is wrong itself."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from helixc import __version__
from helixc.cli.terminal import say
from helixc.diagnostics import CompilerBug


def report_bug(error: Exception) -> None:
    """Name the pass and the fact, and write down what is needed to look into it."""
    what = str(error) if isinstance(error, CompilerBug) else f"{type(error).__name__}: {error}"
    say(f"helixc {__version__} is wrong: {what}", err=True)
    folder = Path(tempfile.mkdtemp(prefix="helixc-bug-"))
    _write(folder / "traceback.txt", "".join(traceback.format_exception(error)))
    _write_program(folder, error)
    say(f"Please report it, with your input and what is in {folder}", err=True)


def _write_program(folder: Path, error: Exception) -> None:
    # Imported here, because what is broken may be anything.
    from helixc.cli.dumps import SUFFIX, print_dump
    from helixc.passes.contract import BrokenFactError

    if isinstance(error, BrokenFactError):
        _write(folder / f"{error.after}{SUFFIX}", print_dump(error.program))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
