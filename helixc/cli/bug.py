"""What helixc says when it is wrong itself."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

import click

from helixc import __version__
from helixc.diagnostics import CompilerBug
from helixc.passes.contract import BrokenFactError
from helixc.text.dump_printer import print_dump


def report_bug(error: Exception) -> None:
    """Name the pass and the fact, and write down what is needed to look into it."""
    what = str(error) if isinstance(error, CompilerBug) else f"{type(error).__name__}: {error}"
    click.echo(f"helixc {__version__} is wrong: {what}", err=True)
    folder = Path(tempfile.mkdtemp(prefix="helixc-bug-"))
    written = [folder / "traceback.txt"]
    written[0].write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    if isinstance(error, BrokenFactError):
        written.append(folder / f"{error.after}.hxir")
        written[1].write_text(print_dump(error.program), encoding="utf-8")
    names = " and ".join(str(path) for path in written)
    click.echo(f"Please report it together with your input and {names}", err=True)
