"""The files of a compile: drawings, report, timeline, and dumps if asked for, all made before any is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import attrs

from helixc.activity import doing
from helixc.analysis.report import DrawingFacts, Report
from helixc.analysis.timed_program import TimedProgram, timed_program
from helixc.compiler import Compilation
from helixc.diagnostics import Diagnostic
from helixc.emit.drawings import Drawing, check_options, draw
from helixc.emit.explorer import write_explorer
from helixc.emit.files import Text, write_files
from helixc.emit.page import write_page
from helixc.emit.page_data import page_data
from helixc.emit.plates import draw_plates
from helixc.emit.report_json import json_chunks
from helixc.emit.report_markdown import report_markdown
from helixc.emit.sheets import DrawingOptions
from helixc.emit.svg import SvgWriter
from helixc.emit.trace import write_trace
from helixc.ir.spmd import Spmd

# What can be asked for, and the files that it brings.
EMITTED: Mapping[str, str] = {
    "dot": "the drawings as text (*.dot)",
    "svg": "the drawings as pictures (*.svg), the mesh and the matrix of traffic",
    "report": "report.md and report.json",
    "html": "report.html, a page of its own to look at and click through",
    "trace": "trace.json, the timeline for trace viewers",
    "explorer": "explorer.json for Model Explorer, and times and bytes to colour it by",
}
USUAL = ("dot", "svg", "report", "html", "trace")


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
    emit: Collection[str] = USUAL,
) -> Outputs:
    """Draw and report a compilation; ``verification`` is the object of ``helixc verify``.

    ``emit`` are names of ``EMITTED``.  What a note is about is said in the report even if that is not
    asked for.
    """
    options = options or DrawingOptions()
    check_options(compilation.spmd, options)
    files: dict[str, Text] = {}
    with doing("drawings"):
        drawings, notes = draw(compilation.spmd, options) if {"dot", "svg"} & {*emit} else ((), ())
    notes = [*notes, *_add_drawings(files, drawings, writer, emit)]
    if "svg" in emit:
        notes += _add_plates(files, compilation.spmd, options, (d.stem for d in drawings))
    timed = timed_program(compilation.spmd, compilation.report)
    late: dict[str, Text] = {}
    notes += _add_timelines(late, timed, options, emit)
    report = attrs.evolve(
        compilation.report,
        drawings=tuple(_facts(drawing) for drawing in drawings),
        verification=verification,
        diagnostics=(*compilation.report.diagnostics, *notes),
    )
    if "report" in emit:
        files["report.md"] = report_markdown(report)
        files["report.json"] = json_chunks(report)
    if "html" in emit:
        files["report.html"] = write_page(page_data(timed, report, compilation.texts))
    return Outputs(files=files | late, report=report)


def write(
    compilation: Compilation, folder: str | PathLike[str], *, emit: Collection[str] = USUAL
) -> tuple[Path, ...]:
    """Write the drawings and the report of a compilation into a folder; the paths written."""
    outputs = make_outputs(compilation, SvgWriter(), emit=emit)
    return write_files(Path(folder), outputs.files)


def _add_drawings(
    files: dict[str, Text], drawings: Iterable[Drawing], writer: SvgWriter, emit: Collection[str]
) -> list[Diagnostic]:
    """Add the files of drawings; the result is a note for each that could not be laid out."""
    notes: list[Diagnostic] = []
    for drawing in drawings:
        if "dot" in emit:
            files[f"{drawing.stem}.dot"] = drawing.dot
        if "svg" not in emit:
            continue
        with doing(drawing.stem):
            picture = writer.picture(drawing.stem, drawing.dot)
        if picture.svg is not None:
            files[f"{drawing.stem}.svg"] = picture.svg
        if picture.note is not None:
            notes.append(picture.note)
    return notes


def _add_plates(
    files: dict[str, Text], program: Spmd, options: DrawingOptions, taken: Iterable[str]
) -> Iterator[Diagnostic]:
    """Add the files of plates; the result is a note for each that is folded."""
    for plate in draw_plates(program, options, taken):
        files[f"{plate.stem}.svg"] = plate.svg
        yield from _folded(plate.stem, plate.folded)


def _add_timelines(
    files: dict[str, Text], timed: TimedProgram, options: DrawingOptions, emit: Collection[str]
) -> Iterator[Diagnostic]:
    """Add the files for viewers of others; the result is a note for each that is folded."""
    if "trace" in emit:
        trace = write_trace(timed, options.gpus)
        files["trace.json"] = trace.chunks
        yield from _folded("trace.json", trace.folded)
    if "explorer" in emit:
        explorer = write_explorer(timed, options)
        files |= explorer.files
        yield from _folded("explorer.json", explorer.folded)


def _folded(file: str, text: str) -> list[Diagnostic]:
    return [Diagnostic("HX0902", f"{file} is {text}", severity="note")] if text else []


def _facts(drawing: Drawing) -> DrawingFacts:
    return DrawingFacts(
        file=f"{drawing.stem}.dot",
        nodes=drawing.nodes,
        edges=drawing.edges,
        acyclic=drawing.acyclic,
    )
