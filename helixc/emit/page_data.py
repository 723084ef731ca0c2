"""What ``report.html`` knows: one JSON object, from which its script draws everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from helixc.analysis.memory_curve import memory_curve
from helixc.analysis.numbers_text import byte_text, interval_text, seconds_text
from helixc.analysis.report import Report
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.timeline import Kept, count_runs, every_turn, first_and_last, timeline
from helixc.emit.page_nodes import PageNode, page_nodes
from helixc.emit.page_rows import page_rows, source_line
from helixc.emit.page_tensors import tensor_rows
from helixc.emit.page_traffic import traffic_json
from helixc.ir.spmd import Spmd
from helixc.limits import MAX_PAGE_NODES

SCHEMA = "helixc.page/1"
Json = dict[str, Any]
Texts = Mapping[str, str]


def page_data(timed: TimedProgram, report: Report, texts: Texts) -> Json:
    """The object of a program; ``texts`` are the source files by the names that spans have for them."""
    program = timed.program
    kept = _kept(timed)
    rows = page_rows(timed, texts)
    numbers = {row["value"]: number for number, row in enumerate(rows)}
    nodes = page_nodes(program, timed.schedule, numbers, kept)
    return {
        "schema": SCHEMA,
        "title": f"{report.model}, plan {report.plan}",
        "facts": [[name, text] for name, text in _facts(report)],
        "verdict": _verdict(report),
        "findings": [_finding(report, number, texts) for number in range(len(report.diagnostics))],
        "notes": list(report.notes),
        "gpus": report.gpus,
        "axes": [{"name": axis.name, "size": axis.size} for axis in report.mesh],
        "atoms": _atoms(program),
        "places": _levels(program),
        "layers": [layer.title for layer in report.layer_map.layers],
        "length": report.critical_path.picoseconds,
        "rows": rows,
        "nodes": [_node(node) for node in nodes],
        "folded": "" if kept is every_turn else "of each repeat two turns and the last are told",
        "memory": _memory(timed, kept),
        "collectives": list(_collectives(report, numbers, texts)),
        "traffic": traffic_json(timed, numbers),
        "tensors": list(tensor_rows(timed)),
    }


def _kept(timed: TimedProgram) -> Kept:
    """All turns, or some of them where that would be too many nodes."""
    counts = count_runs(timed.program, timed.schedule, every_turn)
    return every_turn if sum(counts.values()) <= MAX_PAGE_NODES else first_and_last


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    """What people look for first, in words."""
    path, memory = report.critical_path, report.memory
    yield "time of the step", interval_text(path.picoseconds, path.low, path.high)
    yield "computing", seconds_text(path.compute_picoseconds)
    yield "communicating", seconds_text(path.communication_picoseconds)
    yield "of it exposed", seconds_text(path.exposed_picoseconds)
    yield "utilisation (MFU)", f"{100 * report.utilisation:.1f} %"
    yield "received per GPU", byte_text(report.bytes_per_gpu)
    fits = "fits" if memory.fits else "does not fit"
    sizes = f"{byte_text(memory.needed_bytes)} of {byte_text(memory.capacity_bytes)}"
    yield "memory per GPU", f"{sizes}, {fits}"
    mesh = " x ".join(f"{axis.name} {axis.size}" for axis in report.mesh) or "none"
    yield "mesh", f"{mesh} on {report.cluster.name} ({report.gpus} of {report.cluster.gpus} GPUs)"
    yield "sizes", ", ".join(f"{dim.name} {dim.size}" for dim in report.dims)
    if report.slices_text:
        yield "in slices", report.slices_text


def _verdict(report: Report) -> Json:
    """The proof's verdict and what must be known of it."""
    proof = report.verification
    if proof is None:
        return {"word": "not run", "lines": ["The program was not run on simulated GPUs."]}
    lines = [str(proof["reason"])] if proof.get("reason") else []
    lines += [
        f"local {found['value']}: the program computes {found['statement']}; at {found['measured_at']} "
        f"its relative error is {found['relative']:.3g}."
        for found in proof.get("approximations", ())
    ]
    instance = proof.get("instance", {}).get("sizes", {})
    sizes = ", ".join(f"{name} {size}" for name, size in instance.items())
    lines += [f"Run with {sizes}; arithmetic {proof.get('arithmetic', '')}."] if sizes else []
    return {"word": str(proof["verdict"]), "lines": lines}


def _finding(report: Report, number: int, texts: Texts) -> Json:
    found = report.diagnostics[number]
    return {
        "severity": found.severity,
        "code": found.code,
        "message": found.message,
        "legal": list(found.legal),
        "source": source_line(found.span, texts),
    }


def _atoms(program: Spmd) -> list[Json]:
    """The mesh as its atoms, with the distance between neighbours in GPU numbers."""
    mesh = program.mesh
    return [
        {"name": a.name, "size": a.size, "stride": mesh.strides[a.name], "axis": a.axis}
        for a in mesh.atoms
    ]


def _levels(program: Spmd) -> list[Json]:
    """The levels of the cluster, outermost first, with the number of GPUs in a member of each."""
    inside, levels = program.cluster.gpus, list[Json]()
    for level in program.cluster.levels:
        inside //= level.size
        levels.append({"name": level.name, "size": level.size, "inside": inside})
    return levels


def _node(node: PageNode) -> list[Any]:
    """A node as a short list: there are thousands."""
    return [node.row, node.turns, node.start, node.end - node.start, list(node.reads)]


def _memory(timed: TimedProgram, kept: Kept) -> Json:
    memory = timed.memory
    bars = timeline(timed.program, timed.schedule, kept)
    points = [list(point) for point in memory_curve(timed.program, timed.schedule, bars)]
    peak = [
        {"name": live.name, "value": live.value, "kind": live.kind, "dtype": live.dtype,
         "bytes": live.bytes, "size": byte_text(live.bytes)}
        for live in memory.peak
    ]  # fmt: skip
    return {
        "weights": memory.weights_bytes,
        "states": memory.state_bytes,
        "capacity": memory.capacity_bytes,
        "fits": memory.fits,
        "points": points,
        "peak": peak,
        "fullest": memory.fullest.name if memory.fullest else "",
    }


def _collectives(report: Report, numbers: Mapping[str, int], texts: Texts) -> Iterator[Json]:
    for found in report.collectives:
        turns = f" (x {found.layer.turns})" if found.layer.turns > 1 else ""
        yield {
            "row": numbers[found.result],
            "kind": found.kind.replace("_", "-"),
            "name": found.value,
            "layer": f"{found.layer.title}{turns}",
            "over": ", ".join(found.axes),
            "groups": f"{found.groups} x {found.group_size}",
            "bytes": found.bytes_per_gpu,
            "size": byte_text(found.bytes_per_gpu),
            "picoseconds": found.picoseconds,
            "time": seconds_text(found.picoseconds),
            "exposed": seconds_text(found.exposed_picoseconds),
            "exposed_picoseconds": found.exposed_picoseconds,
            "algorithm": found.algorithm,
            "why": found.why,
            "held": found.held,
            "needed": found.needed,
            "source": source_line(found.source, texts),
            "alternatives": [
                {
                    "how": other.how,
                    "size": byte_text(other.bytes_per_gpu),
                    "time": seconds_text(other.picoseconds),
                    "whole": other.scope == "program",
                }
                for other in found.alternatives
            ],
        }
