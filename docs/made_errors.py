"""The blocks of docs/errors.md: mistakes, what helixc says to each, and the mend.

A mistake is a file of ``docs/mistakes``: the program ``tiny.hx`` with something wrong in it, and what that
is in the first line.  Those of the command line stand in ``commands.txt``.
"""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
import tempfile
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import attrs

from helixc.cli.main import run

FOLDER = Path(__file__).resolve().parent / "mistakes"
RIGHT = "tiny"


@attrs.frozen
class Mistake:
    """A program with a mistake: what that is, what is written, and the same lines mended."""

    title: str
    wrong: tuple[str, ...]
    mended: tuple[str, ...]


def mistake(name: str) -> Mistake:
    """What a file of the folder has instead of lines of the right program."""
    title, *lines = (FOLDER / f"{name}.hx").read_text(encoding="utf-8").splitlines()
    _, *right = (FOLDER / f"{RIGHT}.hx").read_text(encoding="utf-8").splitlines()
    changes = SequenceMatcher(None, lines, right, autojunk=False).get_opcodes()
    changed = [change for change in changes if change[0] != "equal"]
    return Mistake(
        title=title.removeprefix("# ").rstrip("."),
        wrong=tuple(line for _, start, end, _, _ in changed for line in lines[start:end]),
        mended=tuple(line for _, _, _, start, end in changed for line in right[start:end]),
    )


def commands() -> Iterator[tuple[str, str, str]]:
    """The mistakes of the command line: what it is, what is typed, and the same mended."""
    for line in (FOLDER / "commands.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            what, wrong, right = (part.strip() for part in line.split("|"))
            yield what.rstrip("."), wrong, right


@functools.cache
def said(command: str) -> tuple[int, tuple[str, ...]]:
    """The exit status of a command in a folder with the mistakes, and its lines on standard error."""
    answer = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        for path in FOLDER.glob("*.hx"):
            shutil.copy(path, folder)
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stderr(answer),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            status = run(command.split()[1:])
    return status, tuple(answer.getvalue().rstrip("\n").split("\n"))


def mistakes(command: str, *names: str) -> Iterator[str]:
    """Some mistakes, what a command says to each, and how they are mended."""
    for name in names:
        one = mistake(name)
        yield f"### {one.title}"
        yield ""
        yield from _shown(f"helixc {command} {name}.hx")
        yield "```diff"
        yield from (f"-{line}" for line in one.wrong)
        yield from (f"+{line}" for line in one.mended)
        yield "```"
        if name != names[-1]:
            yield ""


def command_mistakes() -> Iterator[str]:
    """The mistakes of the command line, what is said to each, and how they are mended."""
    for number, (what, wrong, right) in enumerate(commands()):
        yield from ("",) if number else ()
        yield f"### {what}"
        yield ""
        yield from _shown(wrong)
        yield "```text"
        yield f"$ {right}"
        yield "```"


def right_program() -> Iterator[str]:
    """The program that the mistakes are made in."""
    yield "```hx"
    yield from (FOLDER / f"{RIGHT}.hx").read_text(encoding="utf-8").splitlines()[1:]
    yield "```"


def _shown(command: str) -> Iterator[str]:
    yield "```text"
    yield f"$ {command}"
    yield from said(command)[1]
    yield "```"
