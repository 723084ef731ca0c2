"""From measurements to constants: a GPU and a link like the ones that are known, but of this machine.

Few constants are fitted to few measurements, in log space and deaf to outliers: of matrix products the
share of the peak, the share of the bandwidth and the launch; of kernels bound by memory the share and
the launch; of a link one factor on all its times and one on all its rates.  The rest, which needs
hundreds of measurements, stays as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import attrs

from helixc.calibrate.samples import Gemm, Sample
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.kernels import COLLECTIVES, Source, constant_fields, field_name, flattened
from helixc.ir.layout import WHOLE, AllGather, AllReduce, AllToAll, ReduceScatter, Step
from helixc.ir.mesh import Axis, Mesh
from helixc.price.collective import CollectivePrices
from helixc.price.compute import PICOSECONDS
from helixc.price.operator import get_time, kernel_group, own_group, stream_time

# Predictions from the factors that are fitted.
Predict = Callable[[Sequence[float]], Sequence[float]]
FITTED = ("efficiency", "memory", "launch")
# A constant may change by so much either way.
RANGE = 5.0
OUTLIER = 0.05
LAUNCH = 1e-6
STREAM = "elementwise"


@attrs.frozen
class Misses:
    """How far predictions are from what was measured: mean of the relative errors, and the largest."""

    mean: float
    largest: float


def refit_gpu(gpu: Gpu, samples: Iterable[Sample]) -> Gpu:
    """The GPU with the constants that its own matrix products and memory ask for."""
    known = tuple(samples)
    for dtype in dict.fromkeys(s.dtype for s in known if s.kind == "gemm"):
        gpu = _with_group_of(gpu, dtype)
        gpu = _refit_group(gpu, kernel_group(dtype, gpu), _of("gemm", dtype, known))
    streams = tuple(s for s in known if s.kind == "stream")
    return _refit_group(gpu, STREAM if STREAM in gpu.kernels else "", streams)


def refit_link(link: Link, samples: Iterable[Sample], gpus: int) -> Link:
    """The link with all its times and all its rates scaled to what collectives on it took."""
    moved = tuple(s for s in samples if s.kind in _STEPS)
    if not moved:
        return link

    def predict(factors: Sequence[float]) -> Sequence[float]:
        return _collective_times(_scaled(link, *factors), moved, gpus)

    return _scaled(link, *_fitted(predict, [s.seconds for s in moved], 2))


def misses(predicted: Sequence[float], samples: Sequence[Sample]) -> Misses:
    """How far ``predicted`` seconds are from the measured ones."""
    found = [abs(p / s.seconds - 1) for p, s in zip(predicted, samples, strict=True)]
    return Misses(sum(found) / len(found), max(found)) if found else Misses(0.0, 0.0)


def predicted(gpu: Gpu, link: Link | None, samples: Sequence[Sample], gpus: int) -> list[float]:
    """Seconds of each sample as a GPU's and a link's constants have it."""
    moved = [s for s in samples if s.kind in _STEPS]
    times = iter(_collective_times(link, moved, gpus) if link is not None else ())
    return [next(times) if s.kind in _STEPS else _kernel_time(gpu, s) for s in samples]


def _with_group_of(gpu: Gpu, dtype: str) -> Gpu:
    """The GPU with constants for a dtype of its own, where those of another one stood in."""
    group = kernel_group(dtype, gpu)
    if not group or group == own_group(dtype):
        return gpu
    copied = flattened(own_group(dtype), gpu.kernels[group])
    return attrs.evolve(gpu, figures=(*gpu.figures, *copied))


def _of(kind: str, dtype: str, samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(s for s in samples if (s.kind, s.dtype) == (kind, dtype))


def _kernel_time(gpu: Gpu, sample: Sample) -> float:
    if isinstance(sample.size, Gemm):
        size = sample.size
        price = get_time(size.m, size.k, size.n, 1, sample.dtype, gpu)
    else:
        price = stream_time(STREAM, sample.size, 1, gpu)
    return price.picoseconds / PICOSECONDS


def _refit_group(gpu: Gpu, group: str, samples: Sequence[Sample]) -> Gpu:
    """Refit one group of constants, or, where the GPU has none, the shares of its roofline."""
    if not samples:
        return gpu
    change = _changed_constants if group else _changed_shares
    names = [name for name in FITTED if not group or hasattr(gpu.kernels[group], name)]

    def predict(factors: Sequence[float]) -> Sequence[float]:
        candidate = change(gpu, group, dict(zip(names, factors, strict=True)))
        return [_kernel_time(candidate, sample) for sample in samples]

    factors = _fitted(predict, [s.seconds for s in samples], len(names))
    found = change(gpu, group, dict(zip(names, factors, strict=True)))
    before, after = (misses([_kernel_time(g, s) for s in samples], samples) for g in (gpu, found))
    return found if after.mean <= before.mean else gpu


def _changed_constants(gpu: Gpu, group: str, factors: Mapping[str, float]) -> Gpu:
    changed = {field_name(group, name): factor for name, factor in factors.items()}
    launch = field_name(group, "launch")
    # What takes no time cannot be multiplied.
    known = [
        (name, LAUNCH if name == launch and not value else value) for name, value in gpu.figures
    ]
    figures = tuple((name, value * changed.get(name, 1.0)) for name, value in known)
    return attrs.evolve(gpu, figures=figures, sources=_measured(gpu.sources, changed))


def _changed_shares(gpu: Gpu, _group: str, factors: Mapping[str, float]) -> Gpu:
    fields = {"compute_fraction", "bandwidth_fraction", "launch"}
    return attrs.evolve(
        gpu,
        compute_fraction=min(1.0, gpu.compute_fraction * factors["efficiency"]),
        bandwidth_fraction=min(1.0, gpu.bandwidth_fraction * factors["memory"]),
        launch_seconds=(gpu.launch_seconds or LAUNCH) * factors["launch"],
        sources=_measured(gpu.sources, fields),
    )


def _measured(
    sources: tuple[tuple[str, Source], ...], fields: Iterable[str]
) -> tuple[tuple[str, Source], ...]:
    known: dict[str, Source] = dict(sources)
    known |= dict.fromkeys(fields, "measured")
    return tuple(known.items())


def _scaled(link: Link, times: float, rates: float) -> Link:
    """The link with its times and its rates multiplied by two factors."""
    measures = {
        field_name(group, field.name): field.measure
        for group, kind in COLLECTIVES.items()
        for field in constant_fields(kind)
    }
    factors = {"s": times, "B/s": rates}
    figures = [(name, value * factors.get(measures[name], 1.0)) for name, value in link.figures]
    changed = [name for name, _ in figures if measures[name] in factors]
    return attrs.evolve(
        link,
        latency=link.latency * times,
        bandwidth=link.bandwidth * (1.0 if figures else rates),
        figures=tuple(figures),
        sources=_measured(link.sources, ["latency", *changed, *(() if figures else ["bandwidth"])]),
    )


_ALL = ("all",)
_STEPS: Mapping[str, tuple[Step, bool]] = {
    # The step, and whether each GPU starts with its part of the buffer only.
    "all_reduce": (AllReduce(_ALL), False),
    "all_gather": (AllGather("d", _ALL), True),
    "reduce_scatter": (ReduceScatter("d", _ALL), False),
    "all_to_all": (AllToAll("d", "e", _ALL), False),
}


def _collective_times(link: Link, samples: Sequence[Sample], gpus: int) -> list[float]:
    gpu = Gpu(name="", memory_bytes=1, bandwidth=1.0, peaks=(("f32", 1.0),))
    cluster = Cluster(name="", gpu=gpu, levels=(Level(name="gpu", size=gpus, link=link),))
    prices = CollectivePrices(Mesh.uncut((Axis("all", gpus),)), cluster)
    found: list[float] = []
    for sample in samples:
        step, in_parts = _STEPS[sample.kind]
        total = sample.size if isinstance(sample.size, int) else 0
        held = -(-total // gpus) if in_parts else total
        found.append(prices.picoseconds(step, held, WHOLE) / PICOSECONDS)
    return found


def _fitted(predict: Predict, measured: Sequence[float], count: int) -> list[float]:
    """The factors that bring predictions closest to what was measured."""
    least_squares: Any = import_module("scipy.optimize").least_squares

    def residuals(logs: Sequence[float]) -> list[float]:
        times = predict([math.exp(log) for log in logs])
        return [math.log(max(p, 1e-12) / m) for p, m in zip(times, measured, strict=True)]

    bound = math.log(RANGE)
    start = [0.0] * count
    found = least_squares(
        residuals, start, bounds=(-bound, bound), loss="soft_l1", f_scale=OUTLIER, diff_step=1e-3
    )
    return [math.exp(log) for log in found.x]
