"""``report.md``: the analysis of a partitioned program for people."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.analysis.collectives import Alternative, Collective
from helixc.analysis.layers import Layer
from helixc.analysis.matmuls import Matmul
from helixc.analysis.numbers_text import (
    byte_text,
    count_text,
    flop_text,
    multiply_add_text,
    seconds_text,
)
from helixc.analysis.report import Report
from helixc.analysis.structure import LayerContent
from helixc.diagnostics import NOWHERE, Span
from helixc.emit.markdown import bullets, code, fenced, plain, table
from helixc.emit.report_path import path_section, runtime_section, time_text
from helixc.emit.report_sections import memory_section, summary_section
from helixc.emit.report_storage import storage_section
from helixc.emit.report_verification import verification_section


def report_markdown(report: Report) -> str:
    """The whole text of ``report.md``."""
    sections = (
        summary_section(report),
        _structure(report),
        _matmuls(report),
        _collectives(report),
        path_section(report),
        runtime_section(report),
        memory_section(report.memory, report.cluster.gpu.name),
        storage_section(report.storage),
        verification_section(report.verification),
        _drawings(report),
        _findings(report),
        _notes(report),
    )
    lines = [line for section in sections for line in section]
    return "\n".join(lines).rstrip("\n") + "\n"


def _structure(report: Report) -> Iterator[str]:
    yield "## Structure"
    yield ""
    yield from fenced([report.sequence])
    yield f"What each of the {count_text(report.gpus)} GPUs does in one turn:"
    yield ""
    columns = ("layer", "turns >", "label", "steps")
    yield from table(columns, map(_content, report.layers))


def _content(content: LayerContent) -> tuple[str, ...]:
    steps = [f"{count} {code(kind)}" for kind, count in content.steps]
    layer = content.layer
    return (code(layer.title), _turns(layer), plain(layer.label), ", ".join(steps))


def _matmuls(report: Report) -> Iterator[str]:
    yield "## Matrix multiplications"
    yield ""
    if not report.matmuls:
        yield "There are none."
        yield ""
        return
    yield (
        f"Each line is one multiplication in one turn of its layer; every one of the {report.gpus} GPUs "
        "does it on its own part. A multiply-add is two FLOP."
    )
    yield ""
    columns = (
        "layer", "turns >", "result", "of", "batch >", "m >", "k >", "n >", "per GPU >", "all GPUs >",
        "multiply-adds per GPU >", "FLOP per GPU >", "multiply-adds in all >",
    )  # fmt: skip
    yield from table(columns, (_matmul(matmul, report.gpus) for matmul in report.matmuls))
    in_all = report.macs_per_gpu * report.gpus
    yield (
        f"All turns together: {multiply_add_text(report.macs_per_gpu)} multiply-adds "
        f"({flop_text(2 * report.macs_per_gpu)}) per GPU, {multiply_add_text(in_all)} "
        f"({flop_text(2 * in_all)}) on all {report.gpus} GPUs."
    )
    yield ""


def _matmul(matmul: Matmul, gpus: int) -> tuple[str, ...]:
    shape = matmul.shape
    sizes = (shape.batch, shape.m, shape.k, shape.n, matmul.per_gpu, matmul.total)
    return (
        code(matmul.layer.title),
        _turns(matmul.layer),
        code(matmul.name),
        " x ".join(code(operand) for operand in matmul.operands),
        *(count_text(size) for size in sizes),
        multiply_add_text(matmul.macs_per_gpu),
        flop_text(matmul.flops_per_gpu),
        multiply_add_text(matmul.macs_per_gpu * gpus),
    )


def _collectives(report: Report) -> Iterator[str]:
    yield "## Collectives"
    yield ""
    if not report.collectives:
        yield "There are none: no GPU needs anything of another."
        yield ""
        return
    yield (
        "Each line is one collective in one turn of its layer; bytes are those that one GPU receives, and "
        "exposed is the part of its time in which nothing is computed."
    )
    yield ""
    columns = (
        "layer", "turns >", "value", "kind", "dimension", "mesh axes", "groups x GPUs >", "group of GPU 0", "bytes per GPU >",
        "time >", "exposed >", "algorithm", "asked for at",
    )  # fmt: skip
    yield from table(columns, map(_collective, report.collectives))
    yield f"All turns together: {byte_text(report.bytes_per_gpu)} received by each GPU."
    yield ""
    yield "Why each is there:"
    yield ""
    yield from _reasons(report)


def _collective(collective: Collective) -> tuple[str, ...]:
    times = f"{collective.times} x " if collective.times > 1 else ""
    return (
        code(collective.layer.title),
        _turns(collective.layer),
        code(collective.value),
        times + collective.kind.replace("_", "-"),
        " -> ".join(code(dim) for dim in collective.dims),
        ", ".join(code(axis) for axis in collective.axes),
        f"{count_text(collective.groups)} x {count_text(collective.group_size)}",
        _members(collective),
        byte_text(collective.bytes_per_gpu),
        time_text(collective.price),
        seconds_text(collective.exposed_picoseconds),
        plain(collective.algorithm),
        _place(collective.source),
    )


def _members(collective: Collective) -> str:
    """``0, 4, 8, 12``, or a stretch ``0-15``; of a large group the first members."""
    members, size = collective.first_group, collective.group_size
    if members == tuple(range(size)) and size > 1:
        return f"0-{size - 1}"
    return ", ".join(map(str, members)) + (", ..." if size > len(members) else "")


def _reasons(report: Report) -> Iterator[str]:
    """Why each collective is there, and under it what was passed over."""
    for collective in report.collectives:
        kind = collective.kind.replace("_", "-")
        where = f"{code(collective.layer.title)}, {kind} of {code(collective.value)}"
        yield f"- {where}: {plain(collective.why)}"
        for alternative in collective.alternatives:
            yield f"  - passed over: {_alternative(alternative, report)}"
    yield ""


def _alternative(alternative: Alternative, report: Report) -> str:
    text = f"{plain(alternative.how)}: {byte_text(alternative.bytes_per_gpu)}, "
    text += seconds_text(alternative.picoseconds)
    if alternative.scope != "program":
        return text
    dearer = alternative.picoseconds - report.critical_path.busy_picoseconds
    sign = "+" if dearer >= 0 else ""
    return f"{text} for the whole program ({sign}{seconds_text(dearer)})"


def _drawings(report: Report) -> Iterator[str]:
    if not report.drawings:
        return
    yield "## Drawings"
    yield ""
    rows = [
        (code(d.file), count_text(d.nodes), count_text(d.edges), "yes" if d.acyclic else "NO")
        for d in report.drawings
    ]
    yield from table(("file", "nodes >", "edges >", "acyclic"), rows)


def _findings(report: Report) -> Iterator[str]:
    found = [d for d in report.diagnostics if d.message not in report.notes]
    if not found:
        return
    yield "## Findings"
    yield ""
    yield from bullets(
        f"{d.severity} {code(d.code)}{_at(d.span)}: {plain(d.message)}" for d in found
    )


def _at(span: Span) -> str:
    return "" if span == NOWHERE else f" at {_place(span)}"


def _notes(report: Report) -> Iterator[str]:
    yield "## Notes"
    yield ""
    yield from bullets(plain(note) for note in report.notes)


def _turns(layer: Layer) -> str:
    """``0..95``, or nothing outside a repeat."""
    if not layer.repeats:
        return ""
    last = layer.first + layer.turns - 1
    return str(last) if layer.turns == 1 else f"{layer.first}..{last}"


def _place(span: Span) -> str:
    return "" if span == NOWHERE else code(f"{span.file}:{span.line}:{span.column}")
