"""Which files a command has read, each in the version that it had just before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

# What tells versions of a file apart; None where there is none.
Version = tuple[int, int, int] | None
Versions = dict[Path, Version]

_READ = "helixc.read"


def note_read(*files: Path) -> None:
    """Say, before they are read, which files the command that is running reads."""
    context = click.get_current_context(silent=True)
    if context is not None:
        known: Versions = context.meta.setdefault(_READ, Versions())
        for file in files:
            known.setdefault(file, version_of(file))


def files_read() -> Versions:
    """The files since the last call."""
    return click.get_current_context().meta.pop(_READ, Versions())


def version_of(file: Path) -> Version:
    """The version that a file has now."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def note_sources(names: Iterable[str]) -> None:
    """The same for sources by the names that messages have for them; the library is no file of the user's."""
    note_read(*(path for path in map(Path, names) if version_of(path) is not None))
