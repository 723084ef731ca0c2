"""``helixc explain``: why every collective is there, or what a code means."""

from __future__ import annotations

import re

import click

from helixc.advising import MOST_EDITS, advise
from helixc.analysis.report import Report
from helixc.cli.chosen import one_plan
from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import load
from helixc.cli.options import FORMAT, Chosen, Command, choice_options
from helixc.cli.progress import working
from helixc.cli.shown import show_lines
from helixc.codes import CODES, family
from helixc.compiler import compile_sources
from helixc.emit.explanation import Explanation, explanation_json, explanation_lines

_CODE = re.compile(r"HX\d{4}")


@click.command("explain", cls=Command)
@click.argument("what", metavar="FILE|CODE")
@choice_options
@click.option(
    "--collective", "only", type=click.IntRange(min=1), help="Only the one of this number."
)
@click.option(
    "--edits",
    type=click.IntRange(min=0),
    default=MOST_EDITS,
    show_default=True,
    help="How many edits of the plan are compiled to find the best.",
)
@FORMAT
def command(what: str, *, chosen: Chosen, only: int | None, edits: int, output_format: str) -> int:
    """Say why each collective of a plan of FILE is there, most exposed first; or what CODE (HX0602) means."""
    as_json = output_format == "json"
    if _CODE.fullmatch(what):
        return _explain_code(what, as_json=as_json)
    sources = load(what)
    choice = one_plan(sources, chosen)
    with working("explaining"):
        compilation = compile_sources(sources, choice)
        explanation = Explanation(
            report=compilation.report,
            advice=advise(compilation, edits),
            texts=compilation.texts,
            only=_in_range(only, compilation.report),
        )
    if as_json:
        show_json(explanation_json(explanation))
        return 0
    show_text(compilation.report.diagnostics, compilation.texts)
    show_lines(explanation_lines(explanation))
    return 0


def _in_range(only: int | None, report: Report) -> int:
    """The number of a collective that is there; 0 for all."""
    number = len(report.collectives)
    if only is not None and only > number:
        raise click.UsageError(f"There are {number} collectives; there is no number {only}.")
    return only or 0


def _explain_code(code: str, *, as_json: bool) -> int:
    if code not in CODES:
        raise click.UsageError(f"There is no code {code}.")
    if as_json:
        show_json({"code": code, "title": CODES[code], "family": family(code)})
    else:
        click.echo(f"{code} ({family(code)}): {CODES[code]}")
    return 0
