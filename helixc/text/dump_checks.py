"""Bounds on what a dump may say: hardware that can exist, sizes that can be counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from helixc.diagnostics import Diagnostic
from helixc.ir.hardware import SOURCES, Cluster, Gpu, Level, Link
from helixc.ir.kernels import COLLECTIVES, KERNELS, Constants, constant_fields, field_name
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
    positive = [
        ("memory", float(gpu.memory_bytes)),
        ("bandwidth", gpu.bandwidth),
        ("compute", gpu.compute_fraction),
        ("stream", gpu.bandwidth_fraction),
        *gpu.peaks,
    ]
    for what, figure in positive:
        if not (figure > 0 and math.isfinite(figure)):
            yield _out_of_range(f"{what} of {gpu.name}", figure)
    if not (gpu.launch_seconds >= 0 and math.isfinite(gpu.launch_seconds)):
        yield _out_of_range(f"launch of {gpu.name}", gpu.launch_seconds)
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
        elif figure < 0 or not math.isfinite(figure) or (known[name].positive and not figure):
            yield _out_of_range(f"{name} of {hardware.name}", figure)
    for name, tag in hardware.sources:
        if tag not in SOURCES:
            yield Diagnostic("HX0155", f"{name} of {hardware.name} cannot come from {tag}")


def _check_level(level: Level) -> Iterator[Diagnostic]:
    whole = [("size", level.size), ("links", level.links), ("rails", level.rails)]
    for what, count in whole:
        if count is not None and not 1 <= count <= MAX_GPUS:
            yield _out_of_range(f"{what} of level {level.name}", count)
    speeds = [("oversubscribed", level.oversubscribed)]
    if level.link is not None:
        yield from _check_figures(level.link, COLLECTIVES)
        speeds.append(("bandwidth", level.link.bandwidth))
        if not (level.link.latency >= 0 and math.isfinite(level.link.latency)):
            yield _out_of_range(f"latency of level {level.name}", level.link.latency)
    for what, figure in speeds:
        if not (figure > 0 and math.isfinite(figure)):
            yield _out_of_range(f"{what} of level {level.name}", figure)
