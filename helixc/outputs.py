"""The files of a compile: drawings, report, and dumps if asked for, all made before any is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
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
from helixc.emit.svg import SvgWriter


@attrs.frozen(kw_only=True)
class Outputs:
    """Files by name, in the order in which people look at them, and the report that is among them."""

    files: Mapping[str, Text]
    report: Report


def make_outputs(
    compilation: Compilation,
    writer: SvgWriter,
    options: DrawingOptions | None = None,
    verification: Mapping[str, Any] | None = None,
) -> Outputs:
    """Draw and report a compilation; ``verification`` is the object of ``helixc verify``."""
    drawings, notes = draw(compilation.spmd, options)
    files, missing = _picture_files(drawings, writer)
    report = attrs.evolve(
        compilation.report,
        drawings=tuple(_facts(drawing) for drawing in drawings),
        verification=verification,
    )
    report = attrs.evolve(report, diagnostics=(*report.diagnostics, *notes, *missing))
    files["report.md"] = report_markdown(report)
    files["report.json"] = json_chunks(report)
    return Outputs(files=files, report=report)


def write(compilation: Compilation, folder: str | PathLike[str]) -> tuple[Path, ...]:
    """Write the drawings and the report of a compilation into a folder; the paths written."""
    return write_files(Path(folder), make_outputs(compilation, SvgWriter()).files)


def _picture_files(
    drawings: Iterable[Drawing], writer: SvgWriter
) -> tuple[dict[str, Text], list[Diagnostic]]:
    """The files of the drawings, and a note for each that could not be laid out."""
    files: dict[str, Text] = {}
    notes: list[Diagnostic] = []
    for drawing in drawings:
        files[f"{drawing.stem}.dot"] = drawing.dot
        picture = writer.picture(drawing.stem, drawing.dot)
        if picture.svg is not None:
            files[f"{drawing.stem}.svg"] = picture.svg
        if picture.note is not None:
            notes.append(picture.note)
    return files, notes


def _facts(drawing: Drawing) -> DrawingFacts:
    return DrawingFacts(
        file=f"{drawing.stem}.dot",
        nodes=drawing.nodes,
        edges=drawing.edges,
        acyclic=drawing.acyclic,
    )
