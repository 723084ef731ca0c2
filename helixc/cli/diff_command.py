"""``helixc diff``: two plans, or one plan on two clusters or in two phases, side by side."""

from __future__ import annotations

import click

from helixc.activity import doing
from helixc.analysis.comparison import compare, side_of
from helixc.cli.chosen import Pairs, two_choices
from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import load
from helixc.cli.options import FORMAT, Chosen, Command, shared_options
from helixc.cli.shown import show_lines
from helixc.cli.status import DONE, FINDINGS
from helixc.compiler import Compilation, compile_sources
from helixc.diagnostics import Findings, HelixError
from helixc.elaborate.choice import Choice
from helixc.emit.comparison import comparison_json, comparison_lines
from helixc.ir.source import Sources


@click.command("diff", cls=Command)
@click.argument("file")
@click.option("--plan", "plans", metavar="NAME", multiple=True, help="A plan of the file; twice.")
@click.option(
    "--cluster", "clusters", metavar="NAME", multiple=True, help="Where they run; once or twice."
)
@click.option(
    "--phase", "phases", metavar="NAME", multiple=True, help="Which phase; once or twice."
)
@shared_options
@click.option("--exit-code", is_flag=True, help="Exit with 1 if the two differ.")
@FORMAT
def command(
    file: str,
    *,
    plans: tuple[str, ...],
    clusters: tuple[str, ...],
    phases: tuple[str, ...],
    chosen: Chosen,
    exit_code: bool,
    output_format: str,
) -> int:
    """Compare two plans of FILE, or one on two clusters or in two phases: what differs, and why; `-` is standard input."""
    sources = load(file)
    choices = two_choices(sources, Pairs(plans, clusters, phases), chosen)
    compiled = _compile_both(sources, choices)
    with doing("comparing"):
        sides = [side_of(compilation.spmd) for compilation in compiled]
        both = compare(*sides)
    if output_format == "json":
        show_json(comparison_json(both))
    else:
        found = (
            d
            for side, one in zip(sides, compiled, strict=True)
            for d in (*one.diagnostics, *side.report.diagnostics)
        )
        show_text(dict.fromkeys(found), compiled[0].texts)
        show_lines(comparison_lines(both))
    return FINDINGS if exit_code and both.differ else DONE


def _compile_both(sources: Sources, choices: tuple[Choice, Choice]) -> tuple[Compilation, ...]:
    """Both programs; raises ``HelixError`` with what is wrong with either."""
    compiled: list[Compilation] = []
    findings = Findings()
    texts: dict[str, str] = {}
    for choice, number in zip(choices, ("first", "second"), strict=True):
        try:
            with doing(f"compiling the {number}"):
                compiled.append(compile_sources(sources, choice))
        except HelixError as error:
            findings.extend(error.diagnostics)
            texts.update(error.sources)
    findings.stop_on_errors(texts)
    return tuple(compiled)
