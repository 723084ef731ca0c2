"""``helixc import``: a model's ``config.json`` as a file of the language."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import read_text
from helixc.cli.loudness import tell
from helixc.cli.options import FORMAT, Command
from helixc.cli.terminal import hand_over
from helixc.diagnostics import Diagnostic, Findings
from helixc.emit.files import write_file
from helixc.importing.comparison import compare
from helixc.importing.families import FAMILIES
from helixc.importing.importing import read_config
from helixc.importing.reading import Reading
from helixc.importing.safetensors import read_headers
from helixc.importing.writing import Imported, write_model
from helixc.limits import MAX_CONFIG_BYTES
from helixc.render import to_json


@click.command("import", cls=Command)
@click.argument("file")
@click.option("-o", "--output", metavar="FILE.hx", default="-", help="Where to write; `-`: print.")
@click.option(
    "--as", "family", type=click.Choice(list(FAMILIES)), help="The family, whatever the file says."
)
@click.option(
    "--ignore",
    "ignored",
    metavar="FIELD",
    multiple=True,
    help="A field that does not matter; may be repeated.",
)
@click.option(
    "--safetensors",
    "checkpoint",
    metavar="PATH",
    multiple=True,
    help="A file of the checkpoint, or its folder, to compare with the model; may be repeated.",
)
@FORMAT
def command(
    file: str,
    *,
    output: str,
    family: str | None,
    ignored: tuple[str, ...],
    checkpoint: tuple[str, ...],
    output_format: str,
) -> int:
    """Write the model that FILE, a `config.json` of Hugging Face, describes; `-` is standard input."""
    text, name = read_text(file, MAX_CONFIG_BYTES)
    reading = read_config(text, file=name, family=family, ignored=ignored)
    found = _compared(reading, checkpoint)
    model = write_model(reading)
    if output != "-":
        write_file(Path(output), model.text)
    if output_format == "json":
        show_json(_as_json(reading, model, found))
        return 0
    for remark in (*reading.assumed, *reading.aside):
        tell(f"note: {remark}", err=True)
    show_text(found, {})
    fits = f", as in {' '.join(checkpoint)}" if checkpoint else ""
    tell(f"{reading.family.name}: {model.parameters} parameters{fits}", err=True)
    if output == "-":
        hand_over(model.text)
    else:
        tell(output)
    return 0


def _compared(reading: Reading, checkpoint: Iterable[str]) -> tuple[Diagnostic, ...]:
    """Warnings about the files of a checkpoint; raises ``HelixError`` if they do not fit the model."""
    paths = [Path(file) for file in checkpoint]
    if not paths:
        return ()
    findings = Findings()
    findings.extend(compare(reading, read_headers(paths)))
    findings.stop_on_errors()
    return findings.all


def _as_json(reading: Reading, model: Imported, found: tuple[Diagnostic, ...]) -> dict[str, object]:
    return {
        "schema": "helixc.import/1",
        "family": reading.family.name,
        "parameters": model.parameters,
        "assumed": list(reading.assumed),
        "aside": list(reading.aside),
        "text": model.text,
        "findings": to_json(found),
    }
