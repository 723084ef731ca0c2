"""What is written on standard output and error: messages, in which nothing from outside can move the cursor, and data."""

from __future__ import annotations

import sys

import click

from helixc.printable import escape


def say(line: str, *, err: bool = False) -> None:
    """Print a message on one line; what does not print, line breaks among it, is escaped."""
    click.echo(escape(line), err=err)


def hand_over(text: str) -> None:
    """Print a text that is the answer: into a file or a program as it is, to people with what does not print escaped."""
    shown = "\n".join(map(escape, text.split("\n"))) if sys.stdout.isatty() else text
    click.echo(shown, nl=False)
