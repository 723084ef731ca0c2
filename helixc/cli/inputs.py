"""Reads what a command line names: files and standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from helixc.cli.files_read import note_read, note_sources
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.source import Sources
from helixc.limits import MAX_FILE_BYTES
from helixc.text.loader import load_path, load_text
from helixc.text.opening import opened

STDIN = "-"
STDIN_NAME = "<stdin>"


def load(file: str) -> Sources:
    """The file and what it imports; ``-`` is standard input, which imports from where one stands."""
    if file == STDIN:
        return load_text(read_stdin(), STDIN_NAME, Path())
    path = Path(file)
    note_read(path)
    try:
        sources = load_path(path)
    except HelixError as error:
        note_sources(error.sources)
        # What is imported may be a file that is not there yet.
        note_read(path.parent)
        raise
    note_sources(own.name for _, own in sources.files)
    return sources


def read_stdin(limit: int = MAX_FILE_BYTES) -> str:
    """Standard input as UTF-8 text of at most ``limit`` bytes."""
    return _decode(sys.stdin.buffer.read(limit + 1), STDIN_NAME, limit)


def read_text(file: str, limit: int) -> tuple[str, str]:
    """The text of a file that is no source, of at most ``limit`` bytes, and the name to call it by."""
    if file == STDIN:
        return read_stdin(limit), STDIN_NAME
    note_read(Path(file))
    try:
        with opened(Path(file)) as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        message = f"cannot read `{file}`: {error.strerror or error}"
        raise HelixError([Diagnostic("HX0001", message)]) from error
    return _decode(data, file, limit), file


def _decode(data: bytes, name: str, limit: int) -> str:
    if len(data) > limit:
        raise HelixError([Diagnostic("HX0002", f"`{name}` has more than {limit} bytes")])
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"`{name}` is not UTF-8 text: byte {error.start} is {data[error.start]:#04x}"
        raise HelixError([Diagnostic("HX0003", message)]) from error
