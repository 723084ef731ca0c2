"""``helixc inspect``: read drawings back, each from its file alone, and find what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import read_text
from helixc.cli.loudness import tell
from helixc.cli.options import FORMAT, Command
from helixc.cli.status import DONE, FINDINGS
from helixc.inspect.inspection import Inspection, inspect_dot, to_json
from helixc.limits import MAX_DRAWING_BYTES


@click.command("inspect", cls=Command)
@click.argument("files", metavar="FILE.dot...", nargs=-1, required=True)
@FORMAT
def command(files: tuple[str, ...], output_format: str) -> int:
    """Check drawings: that they are acyclic, and that labels, attributes, edges and members agree."""
    inspections: list[Inspection] = []
    for file in files:
        text, name = read_text(file, MAX_DRAWING_BYTES)
        inspections.append(inspect_dot(text, name))
        if output_format == "text":
            show_text(inspections[-1].findings, {name: text})
            for line in _lines(inspections[-1]):
                tell(line)
    if output_format == "json":
        objects = [to_json(inspection) for inspection in inspections]
        show_json(objects[0] if len(objects) == 1 else objects)
    return DONE if all(inspection.ok for inspection in inspections) else FINDINGS


def _lines(inspection: Inspection) -> Iterator[str]:
    shape = "acyclic" if inspection.acyclic else "with a cycle"
    verdict = "ok" if inspection.ok else f"{len(inspection.findings)} findings"
    yield f"{inspection.file}: {verdict}"
    yield f"  {inspection.nodes} nodes, {inspection.edges} edges, {shape}"
    yield f"  {len(inspection.gpus)} GPUs, {len(inspection.collectives)} collectives"
    if inspection.operators:
        counts = ", ".join(f"{kind} {count}" for kind, count in inspection.operators)
        yield f"  operators: {counts}"
