"""``helixc fmt``: write sources anew, all of them or none."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from helixc.cli.findings import show_json
from helixc.cli.inputs import STDIN, read_text
from helixc.cli.loudness import tell
from helixc.cli.options import FORMAT, Command
from helixc.cli.status import DONE, FINDINGS
from helixc.cli.terminal import hand_over
from helixc.diagnostics import Diagnostic, HelixError
from helixc.emit.files import write_file
from helixc.limits import MAX_FILE_BYTES
from helixc.text.format import format_text


@attrs.frozen
class _Formatted:
    """A file as it was and as it is written anew."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@click.command("fmt", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 if a file would change.")
@FORMAT
def command(files: tuple[str, ...], *, check: bool, output_format: str) -> int:
    """Format each FILE; `-` is standard input, printed to standard output."""
    done = _all_formatted(files)
    changed = [one for one in done if one.changed]
    if not check:
        for one in changed:
            if one.file != STDIN:
                write_file(Path(one.file), one.after)
    if output_format == "json":
        rows = [{"file": one.file, "changed": one.changed} for one in done]
        show_json({"schema": "helixc.fmt/1", "files": rows})
    else:
        _show(done, check=check)
    return FINDINGS if check and changed else DONE


def _all_formatted(files: tuple[str, ...]) -> list[_Formatted]:
    """All files formatted; raises ``HelixError`` with what is wrong with any of them."""
    done: list[_Formatted] = []
    findings: list[Diagnostic] = []
    texts: dict[str, str] = {}
    for file in files:
        try:
            text, name = read_text(file, MAX_FILE_BYTES)
            done.append(_Formatted(file, text, format_text(text, name)))
        except HelixError as error:
            findings += error.diagnostics
            texts.update(error.sources)
    if findings:
        raise HelixError(findings, texts)
    return done


def _show(done: list[_Formatted], *, check: bool) -> None:
    for one in done:
        if one.file == STDIN and not check:
            hand_over(one.after)
        elif one.changed:
            tell(f"{one.file}: {'would change' if check else 'formatted'}")
