"""``helixc emit``: a plan as a program for an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from helixc.activity import doing
from helixc.cli.chosen import one_plan
from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import load, read_text
from helixc.cli.loudness import tell
from helixc.cli.options import FORMAT, Chosen, Command, choice_options
from helixc.cli.terminal import hand_over
from helixc.compilation import Compilation
from helixc.compiler import compile_sources
from helixc.diagnostics import HelixError
from helixc.emit.files import write_file_in
from helixc.emit.stems import legal_stem
from helixc.importing.importing import read_config
from helixc.importing.recipes import checkpoint_of
from helixc.limits import MAX_CONFIG_BYTES
from helixc.pytorch.dtensor.module import dtensor_text
from helixc.pytorch.identifiers import identifier
from helixc.pytorch.module import module_text
from helixc.pytorch.recipes import NO_CHECKPOINT, Checkpoint
from helixc.running.advance import find_advance

# The module of a program, in each style that there is.
STYLES: Mapping[str, Callable[[Compilation, Checkpoint], str]] = {
    "functions": lambda compilation, checkpoint: module_text(
        compilation.spmd, find_advance(compilation), checkpoint
    ),
    "dtensor": lambda compilation, _: dtensor_text(compilation.spmd),
}


@click.command("emit", cls=Command)
@click.argument("engine", type=click.Choice(["torch"]))
@click.argument("file")
@choice_options
@click.option(
    "-o", "--output", metavar="WHERE", help="A folder, or `-` to print; `out` by default."
)
@click.option(
    "--style",
    type=click.Choice(list(STYLES)),
    default="functions",
    help="Functions on local blocks, or modules on whole tensors with placements for DTensor.",
)
@click.option(
    "--config",
    metavar="CONFIG.json",
    help="What the model was imported from: the program then reads the checkpoint beside it.",
)
@FORMAT
def command(
    engine: str,
    file: str,
    *,
    chosen: Chosen,
    output: str | None,
    style: str,
    config: str | None,
    output_format: str,
) -> int:
    """Write one plan of FILE as a program for ENGINE: `torch` is PyTorch with torch.distributed."""
    if config is not None and style == "dtensor":
        message = (
            "`--config` goes with `--style functions`: a module for DTensor reads no checkpoint"
        )
        raise click.UsageError(message)
    sources = load(file)
    choice = one_plan(sources, chosen)
    with doing("compiling"):
        compilation = compile_sources(sources, choice)
    with doing("writing the module"):
        text = _text(compilation, style, config)
    if output == "-":
        hand_over(text)
        return 0
    spmd = compilation.spmd
    suffix = "" if style == "functions" else f"_{style}"
    stem = legal_stem(f"{identifier(spmd.name)}_{identifier(spmd.plan.name)}{suffix}")
    path = write_file_in(Path(output or "out"), f"{stem}.py", text)
    if output_format == "json":
        show_json({"schema": "helixc.emit/1", "engine": engine, "files": [path.as_posix()]})
        return 0
    show_text(compilation.diagnostics, compilation.texts)
    tell(path.as_posix())
    return 0


def _text(compilation: Compilation, style: str, config: str | None) -> str:
    checkpoint = _checkpoint(compilation, config)
    try:
        return STYLES[style](compilation, checkpoint)
    except HelixError as error:
        raise HelixError(error.diagnostics, compilation.texts) from error


def _checkpoint(compilation: Compilation, config: str | None) -> Checkpoint:
    if config is None:
        return NO_CHECKPOINT
    text, name = read_text(config, MAX_CONFIG_BYTES)
    return checkpoint_of(compilation.logical, read_config(text, file=name))
