"""The files of a compile: drawings, report, and dumps if asked for, all made before any is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from helixc.analysis.report import DrawingFacts, Report
from helixc.compiler import Compilation
from helixc.diagnostics import Diagnostic
from helixc.emit.drawings import Drawing, draw
from helixc.emit.files import Text, write_files
from helixc.emit.report_json import json_chunks
from helixc.emit.report_markdown import report_markdown
from helixc.emit.sheets import DrawingOptions

# Makes a picture of a drawing; None where nothing can.
Picture = Callable[[Drawing], str | None]


def no_picture(drawing: Drawing) -> str | None:
    """Leaves a drawing to be laid out by whoever reads the DOT file."""
    del drawing


@attrs.frozen(kw_only=True)
class Outputs:
    """Files by name, in the order in which people look at them, and what was found making them."""

    files: Mapping[str, Text]
    report: Report
    diagnostics: tuple[Diagnostic, ...]


def make_outputs(
    compilation: Compilation,
    picture: Picture = no_picture,
    options: DrawingOptions | None = None,
    verification: Mapping[str, Any] | None = None,
) -> Outputs:
    """Draw and report a compilation; ``verification`` is the object of ``helixc verify``."""
    drawings, notes = draw(compilation.spmd, options)
    files: dict[str, Text] = {}
    for drawing in drawings:
        files[f"{drawing.stem}.dot"] = drawing.dot
        image = picture(drawing)
        if image is not None:
            files[f"{drawing.stem}.svg"] = image
    report = attrs.evolve(
        compilation.report,
        drawings=tuple(_facts(drawing) for drawing in drawings),
        verification=verification,
    )
    files["report.md"] = report_markdown(report)
    files["report.json"] = json_chunks(report)
    return Outputs(files=files, report=report, diagnostics=(*report.diagnostics, *notes))


def write(compilation: Compilation, folder: Path, picture: Picture) -> tuple[Path, ...]:
    """Write the drawings and the report of a compilation into a folder; the paths written."""
    return write_files(folder, make_outputs(compilation, picture).files)


def _facts(drawing: Drawing) -> DrawingFacts:
    return DrawingFacts(
        file=f"{drawing.stem}.dot",
        nodes=drawing.nodes,
        edges=drawing.edges,
        acyclic=drawing.acyclic,
    )
