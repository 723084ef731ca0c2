"""Makers of the tables of the page on the cost model: held-out errors, from the data and the constants."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.kernel_errors import (
    ALL,
    COLD,
    Score,
    class_error,
    cold_scores,
    fitted,
    held_out,
    interpolated,
    score,
    split_score,
    tables,
    with_residuals,
)
from benchmarks.kernel_models import US, models, predict_gemm
from benchmarks.kernel_tables import Table, lone_gemm_table

# Products that take so long hide their launches.
LONG_SECONDS = 1e-3
GPU_NAMES = {"a100": "A100", "h100": "H100", "h200": "H200", "b200": "B200"}


def _named(kernel: str) -> tuple[Table, ...]:
    kinds = ("softmax", "norm", "elementwise") if kernel == "stream" else (kernel,)
    return tuple(table for table in tables() if table.kernel in kinds)


def _title(table: Table) -> str:
    what = table.kernel if table.dtype == "f16" else table.dtype
    return f"{GPU_NAMES[table.gpu]} {what}"


def kernel_errors(kernel: str) -> Iterator[str]:
    """One row per GPU, dtype and split: helixc's errors, and those of simpler ways on the same rows."""
    extra = " | interpolated | with residuals" if kernel == "gemm" else ""
    yield f"| | held out | rows | MAPE % | mean % | largest % | simple fit: MAPE %{extra} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |" + (" --- | --- |" if extra else "")
    for table in _named(kernel):
        for split in held_out(table):
            ours, simple = (split_score(table, name, split) for name in ("helixc", "simple"))
            row = f"| {_title(table)} | {split} | {_cells(ours)} | {simple.mean:.1f} |"
            yield row + (f" {_between(table, split)} |" if extra else "")


def cold_caches() -> Iterator[str]:
    """Prices of decoding over caches that L2 cannot keep, and over smaller ones, held out."""
    yield "| | the benchmark's cache | rows | MAPE % | mean % | largest % |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for table in _named("decode"):
        for what, found in zip((f"over {COLD} L2", "smaller"), cold_scores(table), strict=True):
            yield f"| {_title(table)} | {what} | {_cells(found)} |"


def _cells(found: Score) -> str:
    return f"{found.rows} | {found.mean:.1f} | {found.bias:+.1f} | {found.worst:.0f}"


def _between(table: Table, split: str) -> str:
    if split not in table.splits:
        return "- | -"
    table_alone, both = interpolated(table, table.splits[split]), with_residuals(table, split)
    return f"{table_alone.mean:.1f} | {both.mean:.1f}"


def another_machine(gpu: str) -> Iterator[str]:
    """A GPU of another laboratory, priced with the constants of the first and with its own."""
    table = lone_gemm_table()
    long = table.where(table.seconds > LONG_SECONDS)
    yield f"| {GPU_NAMES[gpu]} of another laboratory, f16 | rows | MAPE % | mean % | largest % |"
    yield "| --- | --- | --- | --- | --- |"
    for what, name in (("of the first", f"gemm {gpu} bf16"), ("refitted", table.name)):
        values = fitted()[name]["helixc"][ALL]
        for rows, part in (("all", table), ("over 1 ms", long)):
            found = score(predict_gemm(part, values), part.seconds)
            yield f"| constants {what}, {rows} | {_cells(found)} |"


def kernel_constants(kernel: str) -> Iterator[str]:
    """One row per GPU and dtype: the constants fitted to all rows, times in us."""
    chosen = _named(kernel)
    names = list(dict.fromkeys(p.name for t in chosen for p in models(t)["helixc"].parameters))
    facts = list(chosen[0].facts)
    yield f"| | {' | '.join((*names, *facts))} | in sample: MAPE % | error |"
    yield "| --- " * (len(names) + len(facts) + 3) + "|"
    for table in chosen:
        values = fitted()[table.name]["helixc"][ALL]
        own = [_number(values.get(name)) for name in names]
        own += [f"{table.facts[name]:g}" for name in facts]
        inside = split_score(table, "helixc", ALL).mean
        yield f"| {_title(table)} | {' | '.join(own)} | {inside:.1f} | {class_error(table):.3f} |"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    # Whatever is that small is a time.
    scaled = value / US if value < 100 * US else value
    return f"{float(f'{scaled:.3g}'):g}"
