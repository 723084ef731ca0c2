"""``helixc init``: a commented file to start from."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import click

from helixc.cli.inputs import STDIN
from helixc.cli.loudness import tell
from helixc.cli.options import Command
from helixc.cli.terminal import hand_over
from helixc.diagnostics import Diagnostic, HelixError
from helixc.emit.files import write_file
from helixc.printable import escape

FILE = "model.hx"
_PLACEHOLDER = "FILE"


@click.command("init", cls=Command)
@click.argument("file", default=FILE)
def command(file: str) -> int:
    """Write a commented program to FILE (`model.hx` by default), `-` for standard output."""
    text = files("helixc").joinpath("starter.hx").read_text(encoding="utf-8")
    if file == STDIN:
        hand_over(text)
        return 0
    if os.path.lexists(file):
        message = f"`{file}` is there already"
        raise HelixError([Diagnostic("HX0014", message, legal=("the name of a new file",))])
    write_file(Path(file), text.replace(_PLACEHOLDER, escape(file)))
    tell(f"{file}: read its first lines, then: helixc compile {file} --plan tensor -o out")
    return 0
