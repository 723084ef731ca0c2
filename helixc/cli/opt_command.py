"""``helixc opt``: run one pass on one dump."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from helixc.cli.dumps import print_dump
from helixc.cli.inputs import STDIN, read_text
from helixc.cli.options import VERIFY_EACH, Command
from helixc.cli.terminal import hand_over
from helixc.diagnostics import Diagnostic, HelixError
from helixc.elaborate.choice import Choice
from helixc.emit.files import write_file
from helixc.ir.invariants_device import ALL_FACTS
from helixc.limits import MAX_DUMP_BYTES
from helixc.passes.contract import AnyPass, by_name, run_pipeline
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE
from helixc.text.dump_parser import parse_dump


@click.command("opt", cls=Command)
@click.argument("file")
@click.option("--pass", "name", required=True, metavar="NAME", help="Which pass; see `passes`.")
@click.option(
    "-o", "--output", default=STDIN, metavar="FILE", help="Where to; `-` is standard output."
)
@VERIFY_EACH
def command(file: str, *, name: str, output: str, verify_each: bool) -> int:
    """Run one pass on the dump FILE and print the result; `-` is standard input."""
    step = _find(name)
    text, file_name = read_text(file, MAX_DUMP_BYTES)
    program = parse_dump(text, file_name)
    _check(step, program, {file_name: text})
    result = print_dump(run_pipeline((step,), program, step.needs, verify_each=verify_each))
    if output == STDIN:
        hand_over(result)
    else:
        write_file(Path(output), result)
    return 0


def _find(name: str) -> AnyPass:
    # The first pass reads sources, of which there are no dumps.
    passes = {step.name: step for step in (*to_spmd(Choice())[1:], *TO_DEVICE)}
    if name not in passes:
        raise click.UsageError(f"there is no pass `{name}`; there are {', '.join(passes)}")
    return passes[name]


def _check(step: AnyPass, program: object, texts: Mapping[str, str]) -> None:
    """Check what the pass needs: a dump is input, and may have been written by anyone."""
    if type(program) is not step.source:
        found, wanted = type(program).__name__, step.source.__name__
        message = f"`{step.name}` reads {wanted}, but this is {found}"
        raise HelixError([Diagnostic("HX0156", message)])
    facts = step.needs.union(ALL_FACTS[type(program)])
    findings = [finding for fact in by_name(facts) for finding in fact.check(program)]
    if findings:
        raise HelixError(findings, texts)
