"""The parts of a report as JSON values, as ``schemas/report_v1.json`` describes them.

Rows of layers that turn are expanded here, one per turn, and only while somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, Protocol, TypeVar

import attrs

from helixc.analysis.collectives import Collective
from helixc.analysis.critical_path import CriticalPath, PathStep, flat_steps
from helixc.analysis.fit import Fit
from helixc.analysis.layers import Layer, LayerMap
from helixc.analysis.matmuls import Matmul
from helixc.analysis.memory import Filled, Live, Memory
from helixc.analysis.path_layers import layer_paths, open_expression, outline
from helixc.analysis.storage import StoredOrder
from helixc.analysis.structure import LayerContent
from helixc.codes import CODES
from helixc.diagnostics import NOWHERE, Diagnostic, Span
from helixc.ir.plan import Slices
from helixc.ir.tensor import Dim
from helixc.price.compute import PICOSECONDS
from helixc.price.interval import Price

Row = dict[str, Any]


class _InLayer(Protocol):
    @property
    def layer(self) -> Layer: ...


Item = TypeVar("Item", bound=_InLayer)


def layer_row(content: LayerContent) -> Row:
    """A layer, its turns, and what one GPU does in one of them."""
    layer = content.layer
    return {
        "layer": layer.title,
        "repeat": layer.repeat or None,
        "first": layer.first if layer.repeats else None,
        "turns": layer.turns,
        "label": layer.label or None,
        "steps": [{"kind": kind, "count": count} for kind, count in content.steps],
    }


def storage_row(order: StoredOrder) -> Row:
    """In which order a dimension of some weights is stored."""
    return {
        "weights": [*order.weights],
        "dimension": order.dimension,
        "factors": [attrs.asdict(factor) for factor in order.factors],
        "axes": [*order.axes],
        "order": [*order.order],
    }


def in_turns(items: tuple[Item, ...], row: Callable[[Item, int | None], Row]) -> Iterator[Row]:
    """One row per item and turn of its layer, turn by turn, as the program runs."""
    for _, group in groupby(items, key=lambda item: item.layer.repeats):
        together = tuple(group)
        for index in together[0].layer.indices:
            for item in together:
                yield row(item, index)


def slices_row(slices: Slices, dims: tuple[Dim, ...]) -> Row:
    """How many slices the step runs in, and along which of its dimensions."""
    sliced = [dim for dim in dims if dim.name in slices.leaves]
    return {
        "name": slices.dim,
        "count": slices.count,
        "dims": [{"name": dim.name, "slice": dim.size // slices.count} for dim in sliced],
    }


def diagnostic_row(diagnostic: Diagnostic) -> Row:
    """One finding, as in ``helixc.diag/1``."""
    return {
        "code": diagnostic.code,
        "title": CODES.get(diagnostic.code, ""),
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "span": _span(diagnostic.span),
        "notes": [{"message": n.message, "span": _span(n.span)} for n in diagnostic.notes],
        "legal": list(diagnostic.legal),
    }


def seconds(picoseconds: int) -> float:
    """A time as JSON has it."""
    return picoseconds / PICOSECONDS


def price_row(price: Price, name: str = "") -> Row:
    """A time with its low and its high."""
    return {
        f"{name}seconds": seconds(price.picoseconds),
        f"{name}low_seconds": seconds(price.low),
        f"{name}high_seconds": seconds(price.high),
    }


def matmul_row(matmul: Matmul, index: int | None) -> Row:
    """One multiplication in one turn (``index``; None outside a repeat)."""
    return {
        "layer": matmul.layer.title,
        "index": index,
        "name": matmul.name,
        "operands": list(matmul.operands),
        "batch": matmul.shape.batch,
        "m": matmul.shape.m,
        "k": matmul.shape.k,
        "n": matmul.shape.n,
        "per_gpu": matmul.per_gpu,
        "total": matmul.total,
        "macs_per_gpu": matmul.macs_per_gpu,
        "flops_per_gpu": matmul.flops_per_gpu,
        "get_time": matmul.shape.get_time,
        "dtype": matmul.dtype,
        "repeated": matmul.repeated,
        "source": _source(matmul.span),
    }


def collective_row(collective: Collective, index: int | None) -> Row:
    """One collective in one turn (``index``; None outside a repeat)."""
    return {
        "layer": collective.layer.title,
        "index": index,
        "value": collective.value,
        "kind": collective.kind,
        "dims": list(collective.dims),
        "mesh_axes": list(collective.axes),
        "group_size": collective.group_size,
        "groups": collective.groups,
        "first_group": list(collective.first_group),
        "times": collective.times,
        "bytes_per_gpu": collective.bytes_per_gpu,
        **price_row(collective.price),
        "exposed_seconds": seconds(collective.exposed_picoseconds),
        "bound": collective.price.bound,
        "constants": collective.price.source,
        "algorithm": collective.algorithm,
        "reader": collective.reader or None,
        "why": collective.why,
        "source": _source(collective.source),
        "alternatives": [
            {
                "how": alternative.how,
                "bytes_per_gpu": alternative.bytes_per_gpu,
                "seconds": seconds(alternative.picoseconds),
                "scope": alternative.scope,
            }
            for alternative in collective.alternatives
        ],
    }


def path_row(path: CriticalPath, layers: LayerMap) -> Row:
    """The longest path: whole, by layer (one turn of each), and step by step."""
    return {
        "seconds": seconds(path.picoseconds),
        "low_seconds": seconds(path.low),
        "high_seconds": seconds(path.high),
        "expression": path.expression,
        "open_expression": open_expression(path),
        "outline": outline(path.steps, layers),
        "exposed_seconds": seconds(path.exposed_picoseconds),
        "hidden_seconds": seconds(path.hidden_picoseconds),
        "bounds": _shares("bound", path.bounds, path),
        "constants": _shares("constants", path.sources, path),
        "layers": [
            {
                "layer": part.name,
                "expression": part.expression,
                "seconds": seconds(part.picoseconds),
            }
            for part in layer_paths(path, layers)
        ],
        "steps": [_step_row(step, times, layers) for step, times in flat_steps(path.steps)],
    }


def _shares(name: str, times: Mapping[Any, int], path: CriticalPath) -> list[Row]:
    """The time of the path, divided by one thing that is said of each step."""
    return [
        {name: one, "seconds": seconds(time), "share": time / path.picoseconds}
        for one, time in times.items()
        if time
    ]


def _step_row(step: PathStep, times: int, layers: LayerMap) -> Row:
    return {
        "layer": layers.layer(step.value).title,
        "name": step.name,
        "kind": step.kind,
        "stream": step.stream,
        "term": step.term,
        "bound": step.price.bound,
        "constants": step.price.source,
        "start_seconds": seconds(step.start),
        "end_seconds": seconds(step.start + step.picoseconds),
        **price_row(step.price),
        "times": times,
    }


def memory_row(memory: Memory, fit: Fit | None) -> Row:
    """The memory of one GPU, and how a program that does not fit would."""
    largest, fullest = memory.largest_activation, memory.fullest
    return {
        "capacity_bytes": memory.capacity_bytes,
        "weights_bytes_per_gpu": memory.weights_bytes,
        "state_bytes_per_gpu": memory.state_bytes,
        "largest_activation_bytes": largest.bytes if largest is not None else 0,
        "largest_activation": largest.name if largest is not None else None,
        "peak_activation_bytes": memory.peak_bytes,
        "peak_communication_bytes": memory.communication_bytes,
        "peak": [_live(live) for live in memory.peak],
        "peak_at": None if fullest is None else _filled(fullest),
        "by_dtype": [
            {
                "dtype": dtype,
                "weights_bytes": weights,
                "state_bytes": states,
                "peak_activation_bytes": alive,
            }
            for dtype, weights, states, alive in memory.by_dtype
        ],
        "curve": [_filled(filled) for filled in memory.curve],
        "fits": memory.fits,
        "microbatches": None if fit is None else _fit(fit),
    }


def _fit(fit: Fit) -> Row:
    return {
        "name": fit.dim,
        "count": fit.best.count,
        "fits": fit.fits,
        "needed_bytes": fit.best.needed_bytes,
        "below": {"count": fit.below.count, "needed_bytes": fit.below.needed_bytes},
        "text": fit.text,
    }


def _live(live: Live) -> Row:
    return {"name": live.name, "bytes": live.bytes, "dtype": live.dtype, "kind": live.kind}


def _filled(filled: Filled) -> Row:
    return {
        "name": filled.name,
        "does": filled.does,
        "start_seconds": seconds(filled.picoseconds),
        "bytes": filled.bytes,
    }


def _source(span: Span) -> Row | None:
    if span == NOWHERE:
        return None
    return {"file": span.file, "line": span.line, "column": span.column}


def _span(span: Span) -> Row | None:
    return None if span == NOWHERE else attrs.asdict(span)
