"""The two sections of ``report.md`` that answer first questions: the summary, and does it fit."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.analysis.critical_path import CriticalPath, flat_steps
from helixc.analysis.memory import Filled, Live, Memory
from helixc.analysis.numbers_text import (
    byte_text,
    count_text,
    flop_text,
    interval_text,
    seconds_text,
)
from helixc.analysis.path_layers import open_expression
from helixc.analysis.report import Report
from helixc.emit.markdown import code, plain, table
from helixc.ir.hardware import symbolic

_SHOWN_TENSORS = 8
_SHOWN_STEPS = 3


def summary_section(report: Report) -> Iterator[str]:
    """The title, what was compiled, and what came out."""
    yield f"# {plain(report.model)}, plan {plain(report.plan)}"
    yield ""
    if not report.memory.fits:
        yield f"> **Warning: this cannot run as planned.** {_verdict(report)}"
        yield ""
    yield from table(("", ""), _facts(report))


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    path = report.critical_path
    yield "sizes", ", ".join(f"{code(dim.name)} {count_text(dim.size)}" for dim in report.dims)
    if report.slices_text:
        yield "in slices, one after the other", plain(report.slices_text)
    mesh = " x ".join(f"{code(axis.name)} {axis.size}" for axis in report.mesh) or "none"
    yield "mesh", f"{mesh} = {count_text(report.gpus)} GPUs, numbered {_numbering(report)}"
    yield (
        "cluster",
        f"{code(report.cluster.name)}: {count_text(report.cluster.gpus)} GPUs {code(report.cluster.gpu.name)}",
    )
    if report.cluster.gpu.get_time is symbolic:
        yield "time of one forward pass, products left open", open_expression(path)
        yield (
            "... with the constants' times of products",
            interval_text(path.picoseconds, path.low, path.high),
        )
    else:
        yield "time of one forward pass", interval_text(path.picoseconds, path.low, path.high)
    yield "constants of it", _by_source(path)
    yield "computing", _share(path.compute_picoseconds, path.picoseconds)
    yield "communicating", _share(path.communication_picoseconds, path.picoseconds)
    yield (
        "... exposed: nothing is computed meanwhile",
        _share(path.exposed_picoseconds, path.picoseconds),
    )
    yield "most of it", ", ".join(_longest(report)) or "nothing"
    yield "matrix multiplications per GPU", flop_text(2 * report.macs_per_gpu)
    yield "... at the GPU's datasheet peak", _share(report.peak_picoseconds, path.picoseconds)
    yield "utilisation (MFU)", f"{100 * report.utilisation:.1f} %"
    yield "received per GPU", byte_text(report.bytes_per_gpu)
    yield "weights per GPU", byte_text(report.memory.weights_bytes)
    if report.memory.states:
        yield "states per GPU", byte_text(report.memory.state_bytes)
    yield "most alive at once per GPU", byte_text(report.memory.peak_bytes)
    yield "memory of a GPU", byte_text(report.memory.capacity_bytes)


def _by_source(path: CriticalPath) -> str:
    """``calibrated 62.0 %, assumed 38.0 %``: of the time, by the weakest constant that each step has."""
    shares = (
        f"{source} {100 * time / path.picoseconds:.1f} %"
        for source, time in path.sources.items()
        if time
    )
    return ", ".join(shares) or "none"


def _numbering(report: Report) -> str:
    """``4 n + m``: GPU numbers are row-major over the mesh."""
    terms: list[str] = []
    stride = 1
    for axis in reversed(report.mesh):
        terms.append(axis.name if stride == 1 else f"{stride} {axis.name}")
        stride *= axis.size
    return code(" + ".join(reversed(terms)) or "0")


def _longest(report: Report) -> Iterator[str]:
    """The steps that take most of the path, with their share."""
    path = report.critical_path
    steps = [(times * step.picoseconds, step) for step, times in flat_steps(path.steps)]
    for time, step in sorted(steps, key=lambda pair: -pair[0])[:_SHOWN_STEPS]:
        kind = step.kind.replace("_", "-")
        layer = report.layer_map.layer(step.value).title
        yield f"{kind} for {code(step.name)} in {code(layer)} ({100 * time / path.picoseconds:.1f} %)"


def _share(part: int, whole: int) -> str:
    return f"{seconds_text(part)} ({100 * part / whole:.1f} %)" if whole else seconds_text(part)


def _verdict(report: Report) -> str:
    memory = report.memory
    largest = memory.largest_activation
    named = (
        f" The largest value, {code(largest.name)}, alone takes {byte_text(largest.bytes)}."
        if largest
        else ""
    )
    remedy = f" {plain(report.fit.text)}" if report.fit else ""
    return (
        f"Each GPU would need {byte_text(memory.needed_bytes)} and has "
        f"{byte_text(memory.capacity_bytes)}.{named}{remedy}"
    )


def memory_section(memory: Memory, gpu: str) -> Iterator[str]:
    """Weights, the fullest moment and what makes it, against the GPU's memory."""
    yield "## Memory of one GPU"
    yield ""
    rows = [
        ("weights", byte_text(memory.weights_bytes)),
        *((("states", byte_text(memory.state_bytes)),) if memory.states else ()),
        ("values alive at the fullest moment", byte_text(memory.peak_bytes)),
        ("... of them communication buffers", byte_text(memory.communication_bytes)),
        ("needed", byte_text(memory.needed_bytes)),
        (f"{code(gpu)} has", byte_text(memory.capacity_bytes)),
    ]
    yield from table(("", ">"), rows)
    yield "It fits." if memory.fits else "**It cannot fit.**"
    yield ""
    sizes = [
        _without_states((code(dtype), *map(byte_text, bytes_)), memory)
        for dtype, *bytes_ in memory.by_dtype
    ]
    heads = ("dtype", "weights >", "states >", "alive at the fullest moment >")
    yield from table(_without_states(heads, memory), sizes)
    if memory.peak and memory.fullest is not None:
        yield from _fullest(memory.peak, memory.fullest)


def _without_states(row: tuple[str, ...], memory: Memory) -> tuple[str, ...]:
    """A row of dtype, weights, states and values; that of a model without states has none."""
    return row if memory.states else (*row[:2], *row[3:])


def _fullest(alive: tuple[Live, ...], moment: Filled) -> Iterator[str]:
    """The moment of the peak and what makes it."""
    yield f"Fullest while {moment.does.replace('_', '-')} makes {code(moment.name)}; alive then:"
    yield ""
    shown = [
        (code(live.name), live.kind, live.dtype, byte_text(live.bytes))
        for live in alive[:_SHOWN_TENSORS]
    ]
    rest = alive[_SHOWN_TENSORS:]
    if rest:
        shown.append((f"{len(rest)} more", "", "", byte_text(sum(live.bytes for live in rest))))
    yield from table(("value", "kind", "dtype", "bytes >"), shown)
