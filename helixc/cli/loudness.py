"""How much a command says beside its answer: ``--quiet``, the usual, or ``--verbose``."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum

import click

from helixc.activity import listening
from helixc.cli.progress import Lines, Progress, on_a_terminal
from helixc.cli.terminal import say

_KEY = "helixc.loudness"


class Loudness(Enum):
    """What is said beside the answer and the errors."""

    QUIET = "--quiet"
    USUAL = ""
    VERBOSE = "--verbose"


def loudness() -> Loudness:
    """What the command line that is running asks for."""
    context = click.get_current_context(silent=True)
    found = Loudness.USUAL if context is None else context.meta.get(_KEY, Loudness.USUAL)
    return Loudness(found)


def loudness_options() -> list[click.Parameter]:
    """The options that choose; they are for every command, and no command sees their values."""
    quiet, verbose = Loudness.QUIET, Loudness.VERBOSE
    return [
        _flag("-q", quiet, "Say nothing beside the answer and errors."),
        _flag("-v", verbose, "Say how long each pass took, on standard error."),
    ]


def _flag(short: str, choice: Loudness, help_text: str) -> click.Option:
    def choose(context: click.Context, option: click.Parameter, given: object) -> None:
        del option
        if given and context.meta.setdefault(_KEY, choice) is not choice:
            raise click.UsageError("--quiet and --verbose exclude each other.")

    return click.Option(
        [short, choice.value], is_flag=True, expose_value=False, callback=choose, help=help_text
    )


@contextmanager
def overheard() -> Generator[None]:
    """Within the block people see what is being done, as the command line asks for."""
    match loudness():
        case Loudness.VERBOSE:
            listener = Lines()
        case Loudness.USUAL if on_a_terminal():
            listener = Progress()
        case _:
            listener = None
    with listening(listener):
        yield


def tell(line: str, *, err: bool = False) -> None:
    """Print a line that is no answer, unless that is not wanted."""
    if loudness() is not Loudness.QUIET:
        say(line, err=err)
