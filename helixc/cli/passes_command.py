"""``helixc passes``: the pipeline as it declares itself."""

from __future__ import annotations

import inspect
from typing import Any

import click

from helixc.cli.findings import show_json
from helixc.cli.options import FORMAT, Command
from helixc.cli.terminal import say
from helixc.elaborate.choice import Choice
from helixc.passes.contract import AnyPass, Facts, by_name, plan_pipeline
from helixc.pipeline import to_spmd
from helixc.pipeline_device import TO_DEVICE


@click.command("passes", cls=Command)
@FORMAT
def command(output_format: str) -> int:
    """List the passes in order, with what each needs, gives and breaks."""
    passes = (*to_spmd(Choice()), *TO_DEVICE)
    plan_pipeline(passes, passes[0].source)
    rows = [_row(step) for step in passes]
    if output_format == "json":
        show_json({"schema": "helixc.passes/1", "passes": rows})
        return 0
    for row in rows:
        say(f"{row['name']}: {row['source']} -> {row['target']}")
        say(f"    {row['what']}")
        for word in ("needs", "gives", "breaks"):
            if row[word]:
                say(f"    {word} {', '.join(row[word])}")
    return 0


def _row(step: AnyPass) -> dict[str, Any]:
    what = (inspect.getdoc(step.run) or "").splitlines()
    return {
        "name": step.name,
        "source": step.source.__name__,
        "target": step.target.__name__,
        "needs": _names(step.needs),
        "gives": _names(step.gives),
        "breaks": _names(step.breaks),
        "what": what[0] if what else "",
    }


def _names(facts: Facts) -> list[str]:
    return [fact.name for fact in by_name(facts)]
