"""The command line: finds the command, runs it, and turns every ending into an exit status.

Commands are modules that are imported when they are used, so that ``helixc --version`` and a mistyped
option answer at once.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from types import TracebackType
from typing import Self

import click

from helixc import __version__
from helixc.cli.status import BUG, DONE, INTERRUPTED
from helixc.cli.terminal import say

COMMANDS = (
    "init",
    "compile",
    "check",
    "explain",
    "diff",
    "verify",
    "fmt",
    "inspect",
    "emit",
    "run",
    "import",
    "calibrate",
    "opt",
    "passes",
)


class Commands(click.Group):
    """The commands, each in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that a line begins with; of an unknown one the nearest name is said."""
        name = args[0] if args else "-"
        if name not in COMMANDS and name[:1] != "-" and not ctx.resilient_parsing:
            ctx.fail(_no_command(name))
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"helixc.cli.{cmd_name}_command").command
        if not isinstance(command, click.Command):
            raise TypeError(f"helixc.cli.{cmd_name}_command has no command")
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="helixc %(version)s")
def helixc() -> None:
    """Partition a transformer over GPUs: check it, draw it, price it, prove it."""


class _Ending:
    """Turns whatever ends a command into an exit status."""

    def __init__(self) -> None:
        self.status = DONE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        del kind, trace
        match error:
            case None:
                return True
            case click.ClickException():
                _complain(error)
                self.status = error.exit_code
            case click.exceptions.Exit():
                self.status = error.exit_code
            case KeyboardInterrupt() | click.Abort():
                say("interrupted", err=True)
                self.status = INTERRUPTED
            case Exception():
                self.status = _bug(error)
            case _:
                return False
        return True


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status."""
    ending = _Ending()
    with ending:
        status = helixc.main(list(arguments), prog_name="helixc", standalone_mode=False)
        ending.status = status if isinstance(status, int) else DONE
    return ending.status


def main() -> None:
    """The program ``helixc``."""
    # What a command makes, it mostly keeps: looking for garbage early and often finds none.
    gc.set_threshold(100_000)
    status = run(sys.argv[1:])
    # The process ends here, so that what is left need not be looked through once more.
    gc.freeze()
    sys.exit(status)


def _no_command(name: str) -> str:
    from helixc.spelling import did_you_mean

    hint = did_you_mean(name, COMMANDS) or f"; there are {', '.join(COMMANDS)}"
    return f"There is no command `{name}`{hint}"


def _complain(error: click.ClickException) -> None:
    """What is wrong with a command line, on one line below the usage."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        hint = f"Try '{context.command_path} --help' for help."
        for line in (*context.get_usage().splitlines(), hint, ""):
            say(line, err=True)
    say(f"Error: {error.format_message()}", err=True)


def _bug(error: Exception) -> int:
    from helixc.cli.bug import report_bug

    report_bug(error)
    return BUG
