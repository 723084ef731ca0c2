"""What is fitted to the measured kernels: the formulas of ``helixc.price``, and simple ones beside them.

A model is a list of parameters with bounds, and a prediction.  Parameters live in log space.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from benchmarks.kernel_tables import L2_BYTES, Column, Table
from helixc.ir.kernels import DecodeConstants, GemmConstants, PrefillConstants, StreamConstants
from helixc.price.attention import (
    Attention,
    cache_bytes,
    decode_seconds,
    prefill_seconds,
    reading_seconds,
)
from helixc.price.elementary import columns
from helixc.price.gemm import gemm_columns
from helixc.price.streaming import stream_seconds

if TYPE_CHECKING:
    from helixc.price.kernel import Chip

F = columns(np)
DEPTH = 128
US = 1e-6
# Compulsory bytes per element of turning bf16 into f8.
QUANTISED_BYTES = 3
# A cache this many times larger than what stays in L2 is all cold, one that much smaller all warm.
L2_EDGE = 1.6
Values = Mapping[str, float]


@attrs.frozen
class Parameter:
    """One constant: its name, its bounds, and where fits start."""

    name: str
    low: float
    high: float
    starts: tuple[float, ...]


@attrs.frozen
class Model:
    """A formula with constants to be found."""

    parameters: tuple[Parameter, ...]
    predict: Callable[[Table, Values], Column]


def _parameters(*rows: tuple[str, float, float, tuple[float, ...]]) -> tuple[Parameter, ...]:
    return tuple(Parameter(*row) for row in rows)


def predict_gemm(table: Table, values: Values) -> Column:
    """Matrix products; in f8 with the kernel that turns the activations to f8 first."""
    given = {name: value for name, value in values.items() if name != "quantise_memory"}
    constants = GemmConstants(**given, **table.facts)
    seconds = gemm_columns(table.product, table.chip, constants, np, table.ways)
    if "quantise_memory" not in values:
        return seconds
    moved = QUANTISED_BYTES * table.rows["m"] * table.rows["k"]
    quantise = StreamConstants(launch=0.0, memory=values["quantise_memory"])
    return seconds + stream_seconds(moved, 1, table.chip, quantise, F)


_GEMM = (
    ("efficiency", 0.4, 1.0, (0.85, 0.75)),
    ("fill", 0.3, 3.0, (0.9, 1.2)),
    ("memory", 0.4, 1.0, (0.9, 0.8)),
    ("launch", 0.5 * US, 20 * US, (2.5 * US, 3 * US)),
    ("wave", 1e-3 * US, 3 * US, (0.2 * US, 0.02 * US)),
    ("split", 0.3 * US, 10 * US, (2 * US, 2 * US)),
    ("overlap", 1.5, 8.0, (4.0, 3.0)),
    ("epilogue", 0.02, 6.0, (2.0, 0.5)),
    ("ramp", 1e-3 * US, 20 * US, (1 * US, 0.1 * US)),
)
GEMM = Model(parameters=_parameters(*_GEMM), predict=predict_gemm)
GEMM_F8 = Model(
    parameters=_parameters(*_GEMM, ("quantise_memory", 0.1, 1.0, (0.4, 0.35))),
    predict=predict_gemm,
)


# On a machine where kernels run alone: a launch is the host's, and the losses that another machine's
# soft maxima stand for may be less, which only a larger efficiency can say.
ALONE = {"efficiency": 1.3, "launch": 60 * US}
GEMM_ALONE = attrs.evolve(
    GEMM,
    parameters=tuple(attrs.evolve(p, high=ALONE.get(p.name, p.high)) for p in GEMM.parameters),
)


def attention_of(table: Table, length: str, queries: Column | float) -> Attention:
    """The shapes of a table of attention."""
    rows = table.rows
    return Attention(
        batch=rows["batch"],
        queries=queries,
        keys=rows[length],
        heads=rows["heads"],
        kv_heads=rows["kv_heads"],
        key_depth=DEPTH,
        value_depth=DEPTH,
        causal=length == "sequence",
    )


def predict_prefill(table: Table, values: Values) -> Column:
    """Causal attention over whole sequences."""
    shape = attention_of(table, "sequence", table.rows["sequence"])
    return prefill_seconds(shape, table.chip, PrefillConstants(**values, **table.facts), F)


PREFILL = Model(
    parameters=_parameters(
        ("efficiency", 0.3, 1.0, (0.6, 0.7)),
        ("launch", 2 * US, 30 * US, (8 * US, 10 * US)),
        ("tail", 0.2, 3.0, (1.0, 1.0)),
        ("memory", 1.0, 4.0, (1.2, 1.2)),
        ("tile", 1e-3 * US, 30 * US, (3 * US, 0.1 * US)),
        ("overlap", 1.0, 4.0, (1.2, 1.1)),
    ),
    predict=predict_prefill,
)
# TensorRT-LLM's kernels reach the bandwidth late; FlashInfer's show no such thing.
PREFILL_RAMPED = attrs.evolve(
    PREFILL,
    parameters=(*PREFILL.parameters, Parameter("ramp", 1e-3 * US, 20 * US, (2 * US, 10 * US))),
)


def caches(table: Table) -> Column:
    """Bytes of keys and values, in multiples of the L2 of the GPU."""
    rows = table.rows
    moved = 4 * DEPTH * rows["batch"] * rows["context"] * rows["kv_heads"]
    return moved / L2_BYTES[table.gpu]


def decode_constants(values: Values) -> DecodeConstants:
    """What of a fit a price takes: all but what the benchmark's repetition leaves in L2."""
    return DecodeConstants(**{n: v for n, v in values.items() if not n.startswith("l2_")})


def predict_cold_decode(table: Table, values: Values) -> Column:
    """One query over a cache that is in memory, as the compiler prices it."""
    shape = attention_of(table, "context", 1)
    return decode_seconds(shape, table.chip, decode_constants(values), F)


def predict_decode(table: Table, values: Values) -> Column:
    """One query over a cache that, repeated, stays in L2 as far as it fits.

    How fast it comes from there depends on whether keys are split among SMs or pairs fill them.
    """
    share, split, whole = (values[name] for name in ("l2_share", "l2_memory", "l2_whole"))
    constants = decode_constants(values)
    shape, chip = attention_of(table, "context", 1), table.chip
    filled = np.minimum(shape.batch * shape.kv_heads / chip.sms, 1)
    bandwidth = split * (1 - filled) + whole * filled
    moved = cache_bytes(shape, chip, constants, F)
    missed = np.clip(0.5 + 0.5 * np.log(caches(table) / share) / np.log(L2_EDGE), 0, 1)
    cold = constants.cold + moved / (constants.memory * chip.bandwidth)
    warm = moved / (bandwidth * chip.bandwidth)
    return reading_seconds(shape, missed * cold + (1 - missed) * warm, constants, F)


DECODE = Model(
    parameters=_parameters(
        ("launch", 5 * US, 25 * US, (12 * US, 22 * US)),
        ("memory", 0.4, 1.0, (0.95, 0.7)),
        ("cold", 1e-3 * US, 20 * US, (10 * US, 0.1 * US)),
        ("few", 1e-3 * US, 20 * US, (4 * US, 2 * US)),
        ("row", 1e-4 * US, 0.3 * US, (3e-3 * US, 0.06 * US)),
        ("whole", 0.01, 1.0, (0.8, 0.9)),
        ("l2_share", 0.1, 1.5, (0.9, 0.35)),
        ("l2_memory", 0.4, 4.0, (0.7, 1.1)),
        ("l2_whole", 0.2, 4.0, (0.5, 2.0)),
    ),
    predict=predict_decode,
)


def predict_stream(table: Table, values: Values) -> Column:
    """A memory-bound kernel that reads and writes every element once, launched alone."""
    moved = 4 * table.rows["rows"] * table.rows["row"]
    return stream_seconds(moved, table.rows["row"], table.chip, StreamConstants(**values), F)


_STREAM = (
    ("launch", 1 * US, 60 * US, (12 * US, 20 * US)),
    ("memory", 0.4, 1.0, (0.85, 0.95)),
    ("ramp", 0.01 * US, 60 * US, (2 * US, 10 * US)),
    ("host", 2 * US, 80 * US, (10 * US, 50 * US)),
)
_LONG_ROWS = (("columns", 100.0, 60000.0, (1000.0, 14000.0)), ("passes", 0.05, 3.0, (1.0, 1.0)))
STREAM = Model(parameters=_parameters(*_STREAM), predict=predict_stream)
STREAM_ROWS = Model(parameters=_parameters(*_STREAM, *_LONG_ROWS), predict=predict_stream)

_SHARES = (
    ("efficiency", 0.05, 1.0, (0.8, 0.5)),
    ("memory", 0.05, 1.0, (0.8, 0.6)),
    ("launch", 0.5 * US, 80 * US, (5 * US, 20 * US)),
)


def _roofline(chip: Chip, flops: Column, moved: Column, values: Values) -> Column:
    memory = moved / (values["memory"] * chip.bandwidth)
    if "efficiency" not in values:
        return values["launch"] + memory
    return values["launch"] + np.maximum(flops / (values["efficiency"] * chip.peak), memory)


def simple_gemm(table: Table, values: Values) -> Column:
    """Arithmetic against memory, and a launch."""
    m, n, k = (table.rows[name] for name in ("m", "n", "k"))
    moved = table.product.width * k * (m + n) + 2 * m * n
    return _roofline(table.chip, 2 * m * n * k, moved, values)


def simple_prefill(table: Table, values: Values) -> Column:
    """The same for causal attention."""
    rows = table.rows
    flops = 2 * rows["batch"] * rows["heads"] * rows["sequence"] ** 2 * DEPTH
    moved = (
        2 * DEPTH * rows["batch"] * rows["sequence"] * (2 * rows["heads"] + 4 * rows["kv_heads"])
    )
    return _roofline(table.chip, flops, moved, values)


def simple_decode(table: Table, values: Values) -> Column:
    """Bytes of keys and values, and a launch."""
    rows = table.rows
    return _roofline(
        table.chip, 0.0, 4 * DEPTH * rows["batch"] * rows["context"] * rows["kv_heads"], values
    )


def simple_stream(table: Table, values: Values) -> Column:
    """Bytes, and a launch."""
    return _roofline(table.chip, 0.0, 4 * table.rows["rows"] * table.rows["row"], values)


SIMPLE = {
    "gemm": Model(parameters=_parameters(*_SHARES), predict=simple_gemm),
    "prefill": Model(parameters=_parameters(*_SHARES), predict=simple_prefill),
    "decode": Model(parameters=_parameters(*_SHARES[1:]), predict=simple_decode),
    "stream": Model(parameters=_parameters(*_SHARES[1:]), predict=simple_stream),
}


def models(table: Table) -> Mapping[str, Model]:
    """The two models of a table: helixc's, and the simple one beside it."""
    ours = {
        "gemm": GEMM_F8 if table.dtype == "f8" else GEMM,
        "prefill": PREFILL if table.gpu == "a100" else PREFILL_RAMPED,
        "decode": DECODE,
        "elementwise": STREAM,
    }.get(table.kernel, STREAM_ROWS)
    return {"helixc": ours, "simple": SIMPLE.get(table.kernel, SIMPLE["stream"])}
