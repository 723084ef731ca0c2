"""Bounds on what a dump may say: hardware that can exist, sizes that can be counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from helixc.diagnostics import Diagnostic
from helixc.ir.figures import (
    COUNT,
    FACTOR,
    SHARE,
    Range,
    above_zero,
    above_zero_or_none,
    from_zero,
)
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.kernels import COLLECTIVES, KERNELS, SOURCES, Constants, constant_fields, field_name
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.limits import MAX_GPUS, MAX_SIZE


def check_bounds(program: Logical | Spmd) -> Iterator[Diagnostic]:
    """Every figure of a program's header that no later step could work with."""
    for dim in program.dims:
        if not 1 <= dim.size < MAX_SIZE:
            yield _out_of_range(f"dimension {dim.name}", dim.size)
    yield from _check_cluster(program.cluster)
    for axis in program.plan.axes:
        if not 1 <= axis.size <= MAX_GPUS:
            yield _out_of_range(f"mesh axis {axis.name}", axis.size)
    if isinstance(program, Spmd):
        for atom in program.mesh.atoms:
            if not 1 <= atom.size <= MAX_GPUS:
                yield _out_of_range(f"mesh axis {atom.name}", atom.size)


def _out_of_range(what: str, figure: float) -> Diagnostic:
    return Diagnostic("HX0155", f"{what} cannot be {figure}")


def _check_cluster(cluster: Cluster) -> Iterator[Diagnostic]:
    yield from _check_gpu(cluster.gpu)
    if not cluster.levels:
        yield Diagnostic("HX0155", f"cluster {cluster.name} has no levels")
    for level in cluster.levels:
        yield from _check_level(level)
    if not 1 <= cluster.gpus <= MAX_GPUS:
        yield _out_of_range(f"the number of GPUs of {cluster.name}", cluster.gpus)


def _check_gpu(gpu: Gpu) -> Iterator[Diagnostic]:
    figures = [
        ("memory", gpu.memory_bytes, above_zero("B")),
        ("bandwidth", gpu.bandwidth, above_zero("B/s")),
        ("compute", gpu.compute_fraction, SHARE),
        ("stream", gpu.bandwidth_fraction, SHARE),
        ("launch", gpu.launch_seconds, from_zero("s")),
        ("sms", gpu.sms, above_zero_or_none("")),
        *((dtype, peak, above_zero("FLOP/s")) for dtype, peak in gpu.peaks),
    ]
    yield from _check_ranges(figures, gpu.name)
    yield from _check_figures(gpu, KERNELS)
    if not gpu.peaks:
        yield Diagnostic("HX0155", f"gpu {gpu.name} has no peak rate")


def _check_figures(
    hardware: Gpu | Link, groups: Mapping[str, type[Constants]]
) -> Iterator[Diagnostic]:
    known = {field_name(g, f.name): f for g, kind in groups.items() for f in constant_fields(kind)}
    for name, figure in hardware.figures:
        if name not in known:
            yield Diagnostic("HX0155", f"{hardware.name} has no figure {name}")
        elif figure not in known[name].legal:
            yield _out_of_range(f"{name} of {hardware.name}", figure)
    for name, tag in hardware.sources:
        if tag not in SOURCES:
            yield Diagnostic("HX0155", f"{name} of {hardware.name} cannot come from {tag}")


def _check_level(level: Level) -> Iterator[Diagnostic]:
    counts = [("size", level.size), ("links", level.links), ("rails", level.rails)]
    figures: list[tuple[str, float, Range]] = [
        (what, count, COUNT) for what, count in counts if count is not None
    ]
    figures.append(("oversubscribed", level.oversubscribed, FACTOR))
    if level.link is not None:
        yield from _check_figures(level.link, COLLECTIVES)
        figures.append(("bandwidth", level.link.bandwidth, above_zero("B/s")))
        figures.append(("latency", level.link.latency, from_zero("s")))
    yield from _check_ranges(figures, f"level {level.name}")


def _check_ranges(figures: Iterable[tuple[str, float, Range]], owner: str) -> Iterator[Diagnostic]:
    for what, figure, legal in figures:
        if figure not in legal:
            yield _out_of_range(f"{what} of {owner}", figure)
