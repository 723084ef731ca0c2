"""``helixc compile``: the drawings and the report of one plan, written into a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click

from helixc.activity import doing
from helixc.cli.chosen import one_plan
from helixc.cli.dumps import asked_for, dump_files, up_to
from helixc.cli.emitted import Emitted
from helixc.cli.findings import show_json, show_sarif, show_text
from helixc.cli.inputs import load
from helixc.cli.loudness import tell
from helixc.cli.options import FINDINGS_FORMAT, VERIFY_EACH, Chosen, choice_options
from helixc.cli.ranges import Ranges
from helixc.cli.terminal import hand_over
from helixc.cli.verify_command import proved, summary
from helixc.cli.watching import Watching
from helixc.compiler import Compilation, compile_sources, lower
from helixc.diagnostics import HelixError
from helixc.emit.files import write_files
from helixc.emit.sheets import DrawingOptions
from helixc.emit.svg import SvgWriter
from helixc.outputs import EMITTED, USUAL, Outputs, make_outputs
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE
from helixc.remedies import with_remedies
from helixc.render import to_json

FOLDER = "out"
_OPTIONS = (
    click.option("-o", "--output", metavar="DIR", help=f"Where to write; `{FOLDER}` by default."),
    click.option(
        "--emit",
        type=Emitted(),
        default=USUAL,
        help=f"What to write, of {', '.join(EMITTED)}, or `all`; {','.join(USUAL)} by default.",
    ),
    click.option("--gpus", type=Ranges(), help="Draw these GPUs only."),
    click.option("--layers", type=Ranges(), help="Draw these layers (turns of a repeat) only."),
    click.option("--no-verify", is_flag=True, help="Do not run the program on simulated GPUs."),
    click.option(
        "--dump-after", metavar="PASS", help="Also write the program after PASS, or `all`."
    ),
    click.option("--stop-after", metavar="PASS", help="Stop there and print the program."),
)


@attrs.frozen(kw_only=True)
class _Wanted:
    """What the options of this command say."""

    output: str | None
    emit: tuple[str, ...]
    gpus: tuple[int, ...] | None
    layers: tuple[int, ...] | None
    no_verify: bool
    dump_after: str | None
    stop_after: str | None
    verify_each: bool


def _compile_options(function: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command("compile", cls=Watching)
@click.argument("file")
@choice_options
@_compile_options
@VERIFY_EACH
@FINDINGS_FORMAT
def command(file: str, *, chosen: Chosen, output_format: str, **options: Any) -> int:
    """Compile one plan of FILE, `-` for standard input: draw it, price it, report it."""
    wanted = _Wanted(**options)
    if wanted.stop_after is not None:
        return _stop(file, chosen, wanted)
    return _compile(file, chosen, wanted, output_format)


def _compile(file: str, chosen: Chosen, wanted: _Wanted, output_format: str) -> int:
    sources = load(file)
    choice = one_plan(sources, chosen)
    passes = (*to_spmd(choice), *TO_DEVICE)
    asked = asked_for(passes, wanted.dump_after)
    with doing("compiling"):
        try:
            compilation = compile_sources(sources, choice, verify_each=wanted.verify_each)
        except HelixError as error:
            raise with_remedies(error, sources, choice) from error
    with doing("proving"):
        proof = None if wanted.no_verify else proved(compilation)
    with doing("drawing"):
        drawing = DrawingOptions(gpus=wanted.gpus, layers=wanted.layers)
        verdict = proof and proof.to_json()
        outputs = make_outputs(compilation, SvgWriter(), drawing, verdict, wanted.emit)
    dumps = dump_files(_stages(compilation, asked), asked)
    written = write_files(Path(wanted.output or FOLDER), {**outputs.files, **dumps})
    if output_format == "json":
        show_json(_answer(compilation, outputs, written))
        return 0
    if output_format == "sarif":
        files = [path.as_posix() for path in written]
        show_sarif(outputs.report.diagnostics, {"plan": compilation.spmd.plan.name, "files": files})
        return 0
    show_text(outputs.report.diagnostics, compilation.texts)
    if proof is not None:
        for line in summary(proof):
            tell(line)
    for path in written:
        tell(path.as_posix())
    return 0


def _stages(compilation: Compilation, asked: frozenset[str]) -> tuple[tuple[str, object], ...]:
    """The programs after each pass; tasks per GPU are made only if they are asked for."""
    if asked.isdisjoint(step.name for step in TO_DEVICE):
        return compilation.stages
    return (*compilation.stages, *compilation.device_stages)


def _answer(
    compilation: Compilation, outputs: Outputs, written: tuple[Path, ...]
) -> dict[str, object]:
    return {
        **to_json(outputs.report.diagnostics),
        "schema": "helixc.compile/1",
        "model": compilation.spmd.name,
        "plan": compilation.spmd.plan.name,
        "cluster": compilation.spmd.cluster.name,
        "files": [path.as_posix() for path in written],
        "report": outputs.report.to_dict(),
    }


def _stop(file: str, chosen: Chosen, wanted: _Wanted) -> int:
    """Run a part of the pipeline; its result is what was asked for."""
    sources = load(file)
    choice = one_plan(sources, chosen)
    passes = up_to((*to_spmd(choice), *TO_DEVICE), wanted.stop_after or "")
    asked = asked_for(passes, wanted.dump_after) | {passes[-1].name}
    stages = lower(sources, passes, verify_each=wanted.verify_each)
    dumps = dump_files(stages, asked)
    if wanted.output is None:
        for text in dumps.values():
            hand_over(text)
        return 0
    for path in write_files(Path(wanted.output), dumps):
        tell(path.as_posix())
    return 0
