"""``--watch``: run a command again whenever a file that it has read has changed.

Files are looked at a few times a second.  One that an editor replaces is gone for a moment, so a change counts
when two looks in a row see the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from helixc.cli.files_read import Versions, files_read, version_of
from helixc.cli.loudness import tell
from helixc.cli.options import Command
from helixc.printable import escape

# Between two looks at the files.
SECONDS = 0.3
_MOST_NAMED = 4
_WATCH = "helixc.watch"


class Watching(Command):
    """A command with ``--watch``."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.params.append(
            click.Option(
                ["--watch"],
                is_flag=True,
                expose_value=False,
                callback=_choose,
                help="Do it again whenever the file, or one that it imports, changes.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; with ``--watch`` again after each change, until the user interrupts.

        The first run may end everything, as without it, where the command line is wrong; later ones show
        what is wrong and wait for the next change.
        """
        status = super().invoke(ctx)
        while ctx.meta.get(_WATCH):
            _wait(files_read())
            try:
                super().invoke(ctx)
            except click.ClickException as error:
                error.show()
        return status


def _choose(context: click.Context, option: click.Parameter, given: object) -> None:
    del option
    context.meta[_WATCH] = bool(given)


def _wait(before: Versions) -> None:
    """Return when a file has another version than ``before``, and all of them keep still."""
    if not before:
        raise click.UsageError("--watch looks at files, and none is read here.")
    tell(f"watching {_named(before)}; Ctrl-C ends it", err=True)
    last = before
    while True:
        pause()
        now = {file: version_of(file) for file in before}
        if now != before and now == last:
            tell(f"changed: {_named(f for f in before if now[f] != before[f])}", err=True)
            return
        last = now


def pause() -> None:
    """Let some time pass."""
    time.sleep(SECONDS)


def _named(files: Iterable[Path]) -> str:
    names = [escape(file.as_posix()) for file in sorted(files)]
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
