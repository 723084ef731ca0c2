"""``helixc check``: find what is wrong, in every plan of a file, and write nothing."""

from __future__ import annotations

import click

from helixc.cli.chosen import choice_of
from helixc.cli.findings import show_json, show_sarif, show_text, status_of
from helixc.cli.inputs import load
from helixc.cli.loudness import tell
from helixc.cli.options import FINDINGS_FORMAT, VERIFY_EACH, Chosen, choice_options
from helixc.cli.watching import Watching
from helixc.compiler import Checked, check_sources, compile_plans
from helixc.render import to_json


@click.command("check", cls=Watching)
@click.argument("file")
@choice_options
@VERIFY_EACH
@FINDINGS_FORMAT
def command(file: str, *, chosen: Chosen, verify_each: bool, output_format: str) -> int:
    """Check every plan of FILE (or the one named); `-` is standard input."""
    sources, choice = load(file), choice_of(chosen)
    if verify_each:
        checked, _ = compile_plans(sources, choice, verify_each=True)
    else:
        checked = check_sources(sources, choice)
    if output_format == "json":
        show_json({**to_json(checked.diagnostics), "plans": list(checked.plans)})
    elif output_format == "sarif":
        show_sarif(checked.diagnostics, {"plans": list(checked.plans)})
    else:
        show_text(checked.diagnostics, checked.texts)
        if checked.ok:
            tell(f"{file}: {_counted(checked)} without errors")
    return status_of(checked.diagnostics)


def _counted(checked: Checked) -> str:
    names = checked.plans
    if not names:
        return "no plan; models and hardware"
    return f"plan {names[0]}" if len(names) == 1 else f"{len(names)} plans ({', '.join(names)})"
