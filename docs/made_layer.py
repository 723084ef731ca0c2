"""Maker of the table that sets one measured layer beside what compiling it predicts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import fmean

import attrs

import helixc
from helixc.analysis.local_compute import compute_price
from helixc.ir.spmd import Compute, Move, walk
from helixc.price.compute import PICOSECONDS

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
PROGRAM = FOLDER / "gpt3_layer_4xa100.hx"
MEASURED = FOLDER / "data" / "layer_llmcompass.csv"
CALIBRATED, LIBRARY = "four", "four_as_in_the_library"
# What the measured operators are in the program: a kind, and which ones of that kind, in order.
OPERATORS: Mapping[str, tuple[str, slice]] = {
    "Q_K_V": ("matmul", slice(0, 3)),
    "Q_mul_K": ("matmul", slice(3, 4)),
    "A_mul_V": ("matmul", slice(4, 5)),
    "Wo_proj": ("matmul", slice(5, 6)),
    "W1_proj": ("matmul", slice(6, 7)),
    "W2_proj": ("matmul", slice(7, 8)),
    "Softmax": ("softmax", slice(0, 1)),
    "LayerNorm_MHA": ("layer_norm", slice(0, 1)),
    "LayerNorm_FFN": ("layer_norm", slice(1, 2)),
    "GeLU": ("gelu", slice(0, 1)),
    "AllReduce_MHA": ("AllReduce", slice(0, 1)),
    "AllReduce_FFN": ("AllReduce", slice(1, 2)),
}
TOTAL = "TOTAL_LAYER"


@attrs.frozen
class Row:
    """One operator of one phase, in milliseconds."""

    phase: str
    operator: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Relative, in per cent."""
        return 100 * (self.predicted / self.measured - 1)


@cache
def layer_rows(cluster: str) -> tuple[Row, ...]:
    """Every measured row beside what the program takes on ``cluster``; the total is the sum of the rows."""
    with MEASURED.open(encoding="utf-8") as stream:
        lines = [line for line in stream if not line.startswith("#")]
    found: list[Row] = []
    for phase in ("prefill", "decode"):
        own = [r for r in csv.DictReader(lines) if r["phase"] == phase]
        times = _times(phase, cluster)
        predicted = {name: sum(times[kind][part]) for name, (kind, part) in OPERATORS.items()}
        predicted[TOTAL] = sum(predicted.values())
        found += [
            Row(phase, r["operator"], float(r["time_ms"]), predicted[r["operator"]]) for r in own
        ]
    return tuple(found)


def _times(phase: str, cluster: str) -> dict[str, list[float]]:
    """The times of all statements by their kind, in the order of the program, in milliseconds."""
    program = helixc.compile(PROGRAM, plan="tp", model=phase, cluster=cluster).spmd
    found: dict[str, list[float]] = {}
    for statement in walk(program.body):
        if isinstance(statement, Compute):
            kind, time = statement.op.kind, compute_price(statement, program).picoseconds
        elif isinstance(statement, Move):
            kind, time = type(statement.step).__name__, statement.picoseconds
        else:
            continue
        found.setdefault(kind, []).append(1000 * time / PICOSECONDS)
    return found


def mean_error(rows: tuple[Row, ...]) -> float:
    """Mean of the absolute errors of the operators, totals left out, in per cent."""
    return fmean(abs(row.error) for row in rows if row.operator != TOTAL)


def layer() -> Iterator[str]:
    """One row per operator and phase, then the means."""
    yield "| | operator | measured, ms | predicted, ms | error % | constants of the library, error % |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    own, others = layer_rows(CALIBRATED), layer_rows(LIBRARY)
    for row, other in zip(own, others, strict=True):
        bold = "**" if row.operator == TOTAL else ""
        yield (
            f"| {row.phase} | {bold}{row.operator}{bold} | {row.measured:.4g} | {row.predicted:.4g} "
            f"| {bold}{row.error:+.1f}{bold} | {other.error:+.1f} |"
        )
    yield f"| both | mean over operators | | | {mean_error(own):.1f} | {mean_error(others):.1f} |"
