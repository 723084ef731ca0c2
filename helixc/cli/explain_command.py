"""``helixc explain``: why every collective is there, or what a code means."""

from __future__ import annotations

import difflib
import re

import click

from helixc.activity import doing
from helixc.advising import MOST_EDITS, advise
from helixc.analysis.operator_facts import OperatorsFound, find_operators, operator_names
from helixc.analysis.report import Report
from helixc.cli.chosen import one_plan
from helixc.cli.code_page import page_json, page_lines
from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import load
from helixc.cli.options import FORMAT, Chosen, Command, choice_options
from helixc.cli.shown import show_lines
from helixc.codes import CODES
from helixc.compiler import Compilation, compile_sources
from helixc.emit.explanation import Explanation, explanation_json, explanation_lines
from helixc.emit.operator_explanation import operator_json, operator_lines
from helixc.printable import escape
from helixc.text.code_pages import code_page

_CODE = re.compile(r"HX\d{4}")


@click.command("explain", cls=Command)
@click.argument("what", metavar="FILE|CODE")
@choice_options
@click.option(
    "--collective", "only", type=click.IntRange(min=1), help="Only the one of this number."
)
@click.option("--op", "operator", metavar="NAME", help="An operator, by the value it makes.")
@click.option(
    "--edits",
    type=click.IntRange(min=0),
    default=MOST_EDITS,
    show_default=True,
    help="How many edits of the plan are compiled to find the best.",
)
@FORMAT
def command(
    what: str,
    *,
    chosen: Chosen,
    only: int | None,
    operator: str | None,
    edits: int,
    output_format: str,
) -> int:
    """Say why each collective of a plan of FILE is there, most exposed first; or what CODE (HX0602) means."""
    as_json = output_format == "json"
    if _CODE.fullmatch(what):
        return _explain_code(what, as_json=as_json)
    if only is not None and operator is not None:
        raise click.UsageError("Name a collective with --collective or an operator with --op.")
    sources = load(what)
    choice = one_plan(sources, chosen)
    with doing("compiling"):
        compilation = compile_sources(sources, choice)
    with doing("explaining"):
        if operator is not None:
            found = _operators(compilation, operator)
            lines = operator_lines(found, compilation.texts)
            answer = operator_json(found, compilation.texts)
        else:
            explanation = _explanation(compilation, only, edits)
            lines, answer = explanation_lines(explanation), explanation_json(explanation)
    if as_json:
        show_json(answer)
        return 0
    show_text(compilation.report.diagnostics, compilation.texts)
    show_lines(lines)
    return 0


def _explanation(compilation: Compilation, only: int | None, edits: int) -> Explanation:
    return Explanation(
        report=compilation.report,
        advice=advise(compilation, edits),
        texts=compilation.texts,
        only=_in_range(only, compilation.report),
    )


def _operators(compilation: Compilation, name: str) -> OperatorsFound:
    """The operators of a name; a wrong command line if there are none."""
    program = compilation.spmd
    found = find_operators(compilation.partitioned, program, name)
    if not found.found:
        likely = difflib.get_close_matches(name, operator_names(program), 3)
        hint = f" Did you mean {', '.join(likely)}?" if likely else ""
        raise click.UsageError(f"No operator makes a value {escape(name)}.{hint}")
    return found


def _in_range(only: int | None, report: Report) -> int:
    """The number of a collective that is there; 0 for all."""
    number = len(report.collectives)
    if only is not None and only > number:
        raise click.UsageError(f"There are {number} collectives; there is no number {only}.")
    return only or 0


def _explain_code(code: str, *, as_json: bool) -> int:
    if code not in CODES:
        raise click.UsageError(f"There is no code {code}.")
    page = code_page(code)
    if as_json:
        show_json(page_json(page))
    else:
        show_lines(page_lines(page))
    return 0
