"""The measured kernels in ``benchmarks/data``: one table per kernel, GPU and dtype, and what is held back.

A split holds back a whole range of sizes, never single rows.  The names of the splits are those in
``docs/cost-model.md``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from helixc.ir.kernels import GemmConstants
from helixc.price.gemm import Ways, ways_of
from helixc.price.kernel import Chip
from helixc.price.tiles import Product

DATA = Path(__file__).resolve().parent / "data"
Column = Any  # a NumPy array of floats
Mask = Any  # a NumPy array of booleans
Rows = Mapping[str, Column]

# Datasheets: dense FLOP/s of bf16 and f8, bytes/s, SMs.
PEAKS = {"a100": 312e12, "h100": 989e12, "h200": 989e12, "b200": 2250e12}
F8_PEAKS = {"h100": 1979e12, "h200": 1979e12, "b200": 4500e12}
BANDWIDTHS = {"a100": 2.039e12, "h100": 3.35e12, "h200": 4.8e12, "b200": 8e12}
SMS = {"a100": 108, "h100": 132, "h200": 132, "b200": 148}
L2_BYTES = {"a100": 40e6, "h100": 50e6, "h200": 50e6}
GPUS = tuple(PEAKS)

# What is known of the libraries' kernels without a fit: see GemmConstants and PrefillConstants.
FACTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "gemm": {
        "a100": {"persistent": 0.0, "fine": 0.0, "throttle": 0.1},
        "h100": {"persistent": 1.0, "fine": 1.0, "throttle": 0.0},
        "h200": {"persistent": 1.0, "fine": 1.0, "throttle": 0.0},
        "b200": {"persistent": 1.0, "fine": 0.0, "throttle": 0.0},
    },
    "prefill": {"a100": {"packed": 1.0}, "h100": {"packed": 0.0}, "h200": {"packed": 0.0}},
}
TERA = 1e12
# The shapes that a GPU is measured at to be calibrated: rows of m times shapes (n, k).
TWELVE_ROWS = (16, 512, 8192)
TWELVE_SHAPES = tuple((size, size) for size in (2048, 4096, 8192, 16384))


def _of(column: str, *values: float) -> Callable[[Rows], Mask]:
    return lambda rows: np.isin(rows[column], values)


def _between(column: str, low: float, high: float = np.inf) -> Callable[[Rows], Mask]:
    return lambda rows: (rows[column] >= low) & (rows[column] <= high)


def _elements(low: float, high: float = np.inf) -> Callable[[Rows], Mask]:
    return lambda r: (r["rows"] * r["row"] >= low) & (r["rows"] * r["row"] <= high)


SPLITS: Mapping[str, Mapping[str, Callable[[Rows], Mask]]] = {
    "gemm": {
        "n or k of 5120, 12288": lambda r: _of("n", 5120, 12288)(r) | _of("k", 5120, 12288)(r),
        "m of 128-129, 512-513, 2048-2049": _of("m", 128, 129, 512, 513, 2048, 2049),
        "over 1 TFLOP": lambda r: 2 * r["m"] * r["n"] * r["k"] > TERA,
        "m up to 17": _between("m", 1, 17),
    },
    "prefill": {
        "8192 and longer": _between("sequence", 8192),
        "1024-2048": _between("sequence", 1024, 2048),
        "16 heads": _of("heads", 16),
        "batch 4": _of("batch", 4),
        "up to 512": _between("sequence", 1, 512),
    },
    "decode": {
        "16k and longer": _between("context", 16384),
        "2k-4k": _between("context", 2048, 4096),
        "batch 16": _of("batch", 16),
        "batch 64 and more": _between("batch", 64),
        "4 KV heads": _of("kv_heads", 4),
    },
    "stream": {
        "32 M elements and more": _elements(2**25),
        "2-16 M elements": _elements(2**21, 2**24),
    },
}
# Splits of matrix products that take constants from other GPUs.
UNKNOWN, TWELVE = "unknown GPU", "after 12 shapes"


@attrs.frozen(eq=False, slots=False)
class Table:
    """Measurements of one kernel on one GPU in one dtype: sizes by name, and seconds."""

    kernel: str
    gpu: str
    dtype: str
    rows: Rows
    seconds: Column

    @property
    def name(self) -> str:
        """What the table is called in the constants and in the page."""
        return f"{self.kernel} {self.gpu} {self.dtype}"

    @property
    def facts(self) -> Mapping[str, float]:
        """What is known of its kernels without a fit."""
        return FACTS.get(self.kernel, {}).get(self.gpu, {})

    @property
    def chip(self) -> Chip:
        """The datasheet of its GPU for its dtype."""
        peaks = F8_PEAKS if self.dtype == "f8" else PEAKS
        return Chip(peak=peaks[self.gpu], bandwidth=BANDWIDTHS[self.gpu], sms=SMS[self.gpu])

    @property
    def splits(self) -> Mapping[str, Mask]:
        """Which rows each split holds back."""
        kind = self.kernel if self.kernel in SPLITS else "stream"
        return {name: held(self.rows) for name, held in SPLITS[kind].items()}

    @property
    def transfers(self) -> Mapping[str, Mask]:
        """Which rows are held back where the constants come from other GPUs."""
        if self.kernel != "gemm":
            return {}
        measured = np.isin(self.rows["m"], TWELVE_ROWS) & np.array(
            [pair in TWELVE_SHAPES for pair in zip(self.rows["n"], self.rows["k"], strict=True)]
        )
        return {UNKNOWN: np.full(len(measured), fill_value=True), TWELVE: ~measured}

    def where(self, mask: Mask) -> Table:
        """Some of its rows."""
        rows = {name: column[mask] for name, column in self.rows.items()}
        return attrs.evolve(self, rows=rows, seconds=self.seconds[mask])

    @cached_property
    def product(self) -> Product:
        """The rows of a table of matrix products."""
        width = 1 if self.dtype == "f8" else 2
        return Product(self.rows["m"], self.rows["k"], self.rows["n"], width=width)

    @cached_property
    def ways(self) -> Ways:
        """The tiles and splits that are tried, whatever the constants."""
        some = dict.fromkeys(("efficiency", "fill", "memory", "overlap"), 1.0)
        none = dict.fromkeys(("launch", "wave", "split", "epilogue"), 0.0)
        constants = GemmConstants(**some, **none, **self.facts)
        return ways_of(self.product, self.chip, constants, np)


def read(name: str) -> dict[str, list[str]]:
    """The columns of a file of measurements."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {column: [row[column] for row in rows] for column in rows[0]}


def numbers(texts: list[str]) -> Column:
    """A column of numbers."""
    return np.array([float(text) for text in texts])


def gemm_tables() -> Iterator[Table]:
    """Matrix products, by dtype and GPU."""
    columns = read("gemm_aiconfigurator.csv")
    sizes = {name: numbers(columns.pop(name)) for name in ("m", "n", "k")}
    for name, texts in columns.items():
        gpu, dtype = name.split("_")
        yield Table("gemm", gpu, dtype, sizes, numbers(texts) / 1e6)


def lone_gemm_table() -> Table:
    """Matrix products of another laboratory, each launched alone."""
    columns = {name: numbers(texts) for name, texts in read("gemm_llmcompass.csv").items()}
    return Table("gemm", "a100", "f16", columns, columns.pop("microseconds") / 1e6)


def attention_tables(kernel: str) -> Iterator[Table]:
    """Attention of one kind, by GPU."""
    columns = read(f"{kernel}_aiconfigurator.csv")
    gpus = np.array(columns.pop("gpu"))
    values = {name: numbers(texts) for name, texts in columns.items()}
    for gpu in dict.fromkeys(gpus.tolist()):
        rows = {name: column[gpus == gpu] for name, column in values.items()}
        yield Table(kernel, gpu, "bf16", rows, rows.pop("microseconds") / 1e6)


def stream_tables() -> Iterator[Table]:
    """Memory-bound kernels, by kind, each launched alone."""
    columns = read("streaming_llmcompass.csv")
    kinds = np.array(columns.pop("kernel"))
    values = {name: numbers(texts) for name, texts in columns.items()}
    for kind in dict.fromkeys(kinds.tolist()):
        rows = {name: column[kinds == kind] for name, column in values.items()}
        yield Table(kind, "a100", "f16", rows, rows.pop("microseconds") / 1e6)


def all_tables() -> tuple[Table, ...]:
    """Every table that constants are fitted to."""
    attention = [*attention_tables("prefill"), *attention_tables("decode")]
    return (*gemm_tables(), *attention, *stream_tables())
