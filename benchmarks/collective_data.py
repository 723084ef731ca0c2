"""Measured collectives, the ranges that are held back from a fit, and how far a prediction is off.

The tables stand in ``benchmarks/data`` with their sources; the constants that were fitted to them, one
set per table and range held back, in ``collective_constants.json``.  No SciPy is needed here.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from helixc.ir.kernels import CollectiveConstants, NetworkConstants, constant_fields
from helixc.price.collective_times import (
    ALL_REDUCE,
    GATHER,
    Route,
    exchange,
    ring,
    ring_across,
    tree_across,
)
from helixc.price.elementary import columns

DATA = Path(__file__).parent / "data"
CONSTANTS = DATA / "collective_constants.json"
COLUMNS = columns(np)
KIB, MIB, GIB = 2**10, 2**20, 2**30
GPUS = ("a100", "h100", "h200", "b200")
# Bytes per second and direction of a GPU's NVLink, from the datasheets.
NVLINK = {"a100": 300e9, "h100": 450e9, "h200": 450e9, "b200": 900e9}

Column = Any


@attrs.frozen
class Rows:
    """A table by columns: what ran, on how many GPUs, how many of them in a node, bytes and seconds."""

    system: Column
    collective: Column
    ranks: Column
    inside: Column
    size: Column
    seconds: Column

    def where(self, mask: Column) -> Rows:
        """The rows for which ``mask`` holds."""
        return Rows(*(getattr(self, field.name)[mask] for field in attrs.fields(Rows)))

    def of(self, *systems: str) -> Rows:
        """The rows of some systems."""
        return self.where(np.isin(self.system, systems))


def read(name: str) -> Rows:
    """A table of ``benchmarks/data``."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    ranks = [float(row["gpus"]) for row in rows]
    inside = [float(row.get("gpus_per_node") or row["gpus"]) for row in rows]
    return Rows(
        np.array([row.get("gpu") or row.get("system") or name for row in rows]),
        np.array([row["collective"] for row in rows]),
        np.array(ranks),
        np.array(inside),
        np.array([float(row["bytes"]) for row in rows]),
        np.array([float(row["microseconds"]) * 1e-6 for row in rows]),
    )


HALF_NODE, NODE = 4, 8
Mask = Callable[[Rows], Column]
# What is held back inside a node, by name; nothing else may be held back instead.
NODE_SPLITS: Mapping[str, Mask] = {
    "8-64 KiB": lambda rows: (rows.size >= 8 * KIB) & (rows.size <= 64 * KIB),
    "1-8 MiB": lambda rows: (rows.size >= MIB) & (rows.size <= 8 * MIB),
    ">= 128 MiB": lambda rows: rows.size >= 128 * MIB,
    "4 GPUs": lambda rows: rows.ranks == HALF_NODE,
    "8 GPUs": lambda rows: rows.ranks == NODE,
}


@attrs.frozen
class Network:
    """A measured network: its table, bytes per second of a GPU's adapter, and of a ring inside a node.

    ``largest``: from here on are the sizes that the split of this name holds back.  ``sweep``: whether
    there are small sizes too, and 16-64 MiB are held back in another split.
    """

    table: str
    adapter: float
    within: float
    largest: float
    sweep: bool = False

    def rows(self, name: str) -> Rows:
        """Its all-reduces of at least a mebibyte: smaller ones show what starting up costs."""
        rows = read(self.table).of(name)
        return rows.where(rows.size >= MIB)

    def splits(self) -> Mapping[str, Mask]:
        """What is held back, by name."""
        splits: dict[str, Mask] = {"largest sizes": lambda rows: rows.size >= self.largest}
        if self.sweep:
            splits["16-64 MiB"] = lambda rows: (rows.size >= 16 * MIB) & (rows.size <= 64 * MIB)
        return splits


NETWORKS: Mapping[str, Network] = {
    "b200_efa_400": Network("collectives_ml_engineering", 50e9, 812e9, GIB, sweep=True),
    "unnamed_100": Network("collectives_ml_engineering", 12.5e9, 240e9, GIB, sweep=True),
    "h100_ndr_400": Network("collectives_coreweave", 50e9, 397e9, 4 * GIB),
    "gb200_1_racks": Network("collectives_coreweave", 900e9 / 72, 900e9, 4 * GIB),
    "gb200_2_racks": Network("collectives_coreweave", 900e9 / 72, 900e9, 8 * GIB),
    "gb200_20_racks": Network("collectives_coreweave", 900e9 / 72, 900e9, 8 * GIB),
}
ALL_ROWS = "all"


def kept(rows: Rows, splits: Mapping[str, Mask]) -> Iterator[tuple[str, Rows]]:
    """What a fit may see: every row, and then what each split leaves."""
    yield ALL_ROWS, rows
    for name, held in splits.items():
        yield name, rows.where(~held(rows))


# Sends and receives: the system, GPUs per node in the rows, the datasheet's bytes per second.
SENDS: Mapping[str, tuple[str, int, float]] = {
    "a100 NVLink": ("a100_dgx", 2, 300e9),
    "h100 NVLink": ("h100_dgx", 2, 450e9),
    "a100 two nodes": ("a100_dgx", 1, 25e9),
    "h100 two nodes": ("h100_dgx", 1, 50e9),
    "NVLink pairs": ("h100_pairwise_nvlink", 2, 450e9),
    "between NVLink pairs": ("h100_pairwise_nvlink", 1, 64e9),
}
# Held back of sends and receives.
SENDS_SPLITS: Mapping[str, Mask] = {"largest octaves": lambda rows: rows.size >= 16 * MIB}


def sends(name: str) -> Rows:
    """The rows of one of ``SENDS``."""
    system, inside, _ = SENDS[name]
    rows = read("collectives_vidur").of(system)
    return rows.where((rows.collective == "send_recv") & (rows.inside == inside))


def node_constants(values: Mapping[str, float]) -> CollectiveConstants:
    """Constants for collectives alone: sends are measured elsewhere."""
    return CollectiveConstants(direct_base=0.0, **values)


def network_constants(values: Mapping[str, float]) -> NetworkConstants:
    """Constants for all-reduces alone."""
    return NetworkConstants(direct_base=0.0, **values)


def scaled(c: CollectiveConstants, latency: float, bandwidth: float) -> CollectiveConstants:
    """The constants with every time and every rate times a factor."""
    factors = {"s": latency, "B/s": bandwidth}
    changed = {
        field.name: getattr(c, field.name) * factors[field.measure]
        for field in constant_fields(CollectiveConstants)
        if field.measure in factors
    }
    return attrs.evolve(c, **changed)


# What a user measures to have a GPU calibrated: four sizes of four collectives on eight GPUs.
POINTS = (4 * KIB, 256 * KIB, 8 * MIB, 256 * MIB)


def is_point(rows: Rows) -> Column:
    """Marks the rows that calibrate a GPU nobody has measured."""
    return (rows.ranks == NODE) & np.isin(rows.size, POINTS)


def every_fifth(rows: Rows) -> Column:
    """Marks every fifth size."""
    return np.arange(len(rows.size)) % 5 == 0


def predicted(c: CollectiveConstants, rows: Rows) -> Column:
    """Seconds inside a node, row by row."""
    own, ranks = rows.size / rows.ranks, rows.ranks
    return np.select(
        [rows.collective == "all_reduce", rows.collective == "all_to_all"],
        [ring(ALL_REDUCE, own, ranks, c, COLUMNS), exchange(own, ranks, c, COLUMNS)],
        ring(GATHER, own, ranks, c, COLUMNS),
    )


def predicted_across(c: NetworkConstants, network: Network, rows: Rows) -> Column:
    """Seconds of all-reduces across a network, row by row."""
    rate = np.minimum(c.reached * network.adapter * rows.inside, network.within)
    nodes = rows.ranks / rows.inside
    route = Route(rows.ranks, rate, np.ceil(np.log2(nodes)) + rows.inside - 1)
    own = rows.size / rows.ranks
    by_ring = ring_across(ALL_REDUCE, own, route, c, COLUMNS)
    return np.minimum(by_ring, tree_across(ALL_REDUCE, own, route, c, COLUMNS))


def predicted_sends(base: float, rate: float, rows: Rows) -> Column:
    """Seconds of sends and receives."""
    return base + rows.size / rate


def moved_bytes(rows: Rows) -> Column:
    """Bytes that a GPU receives: what the simple fit divides by a bandwidth."""
    passes = np.where(rows.collective == "all_reduce", 2, 1)
    return passes * (rows.ranks - 1) / rows.ranks * rows.size


@attrs.frozen
class Score:
    """Relative errors: mean of their absolute values, mean, largest, that of nine out of ten, how many."""

    mape: float
    bias: float
    worst: float
    nine_of_ten: float
    count: int


def score(times: Column, rows: Rows) -> Score:
    """How far predicted ``times`` are off."""
    error = times / rows.seconds - 1
    size = np.abs(error)
    return Score(
        float(size.mean()),
        float(error.mean()),
        float(size.max()),
        float(np.quantile(size, 0.9)),
        len(size),
    )


def fitted() -> Any:
    """The fitted constants, as ``fit_collectives.py`` wrote them."""
    return json.loads(CONSTANTS.read_text(encoding="utf-8"))


def predicted_simple(lines: Mapping[str, tuple[float, float]], rows: Rows) -> Column:
    """Seconds by a latency and a bandwidth per collective and group size.

    A group size without a line takes both from the two others, in the logarithm of the group size.
    """
    seconds = np.empty(len(rows.size))
    moved = moved_bytes(rows)
    for collective in set(rows.collective):
        for ranks in set(rows.ranks):
            mask = (rows.collective == collective) & (rows.ranks == ranks)
            latency, bandwidth = _line(lines, collective, ranks)
            seconds[mask] = latency + moved[mask] / bandwidth
    return seconds


def _line(lines: Mapping[str, tuple[float, float]], collective: str, ranks: float) -> Column:
    known = f"{collective} {ranks:.0f}"
    if known in lines:
        return np.array(lines[known])
    sizes = [int(name.split()[1]) for name in lines if name.split()[0] == collective]
    (low, high), logs = sizes, np.log(np.array([lines[f"{collective} {n}"] for n in sizes]))
    along = np.log2(ranks / low) / np.log2(high / low)
    return np.exp(logs[0] + along * (logs[1] - logs[0]))
