"""The fitted constants as fields of ``gpu``s, in the language: three digits, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.kernel_errors import ALL, class_error, fitted, tables
from benchmarks.kernel_models import US, Values, models
from benchmarks.kernel_tables import GPUS, Table, lone_gemm_table
from helixc.ir.kernels import KERNELS, constant_fields, field_name

# A queued kernel starts so long after the one before it: no measurement, a common figure.
QUEUED_LAUNCH = 4e-6
# What a constant at its lower bound means.
NOTHING = 2e-9
STREAMS = ("softmax", "norm", "elementwise")
# The error of constants that come from another GPU.
TRANSFERRED_ERROR = 0.3
# Whose attention a GPU has of which none is measured.
NEAREST = "h200"
# Whole numbers from here on are written in groups of three digits, as `helixc fmt` does.
LONG = 10_000


def hardware_lines() -> Iterator[str]:
    """Fields for every GPU that has been measured."""
    by_name = {table.name: table for table in tables()}
    for gpu in GPUS:
        yield f"# {gpu}"
        for dtype in ("bf16", "f8"):
            if f"gemm {gpu} {dtype}" in by_name:
                yield from _group(dtype, _constants(by_name[f"gemm {gpu} {dtype}"]), "calibrated")
        if f"gemm {gpu} f8" in by_name:
            yield from _quantise(by_name[f"gemm {gpu} f8"])
        for kernel in ("prefill", "decode"):
            own = by_name.get(f"{kernel} {gpu} bf16")
            if own is not None:
                yield from _group(kernel, _constants(own), "calibrated")
            else:
                values = _constants(by_name[f"{kernel} {NEAREST} bf16"])
                yield from _group(kernel, {**values, "error": TRANSFERRED_ERROR}, "assumed")
        for kernel in STREAMS:
            yield from _stream(by_name[f"{kernel} a100 f16"], measured=gpu == "a100")


def lone_lines() -> Iterator[str]:
    """Fields for the A100 of another laboratory, where every kernel is launched alone and waited for."""
    yield "# a100, each kernel launched alone"
    lone = lone_gemm_table()
    products = {**fitted()[lone.name]["helixc"][ALL], **lone.facts}
    yield from _group("bf16", products, "calibrated")
    for table in tables():
        if table.kernel in STREAMS:
            yield from _group(table.kernel, _constants(table), "calibrated")


def _constants(table: Table) -> Values:
    values = {**fitted()[table.name]["helixc"][ALL], "error": class_error(table)}
    for parameter in models(table)["helixc"].parameters:
        if values[parameter.name] <= parameter.low * 1.01:
            values[parameter.name] = 0.0
    values |= table.facts
    if table.dtype == "f8":
        values["launch"] = fitted()[f"gemm {table.gpu} bf16"]["helixc"][ALL]["launch"]
    return values


def _quantise(table: Table) -> Iterator[str]:
    """Turning activations to f8: the launches that a product of f8 has more than one of bf16 are its."""
    both = fitted()[table.name]["helixc"][ALL]
    values = {
        "launch": both["launch"] - _constants(table)["launch"],
        "memory": both["quantise_memory"],
        "error": class_error(table),
    }
    yield from _group("quantise", values, "calibrated")


def _stream(table: Table, *, measured: bool) -> Iterator[str]:
    values = {**_constants(table), "launch": QUEUED_LAUNCH, "host": 0.0}
    if not measured:
        values["error"] = max(values["error"], TRANSFERRED_ERROR)
    for line in _group(table.kernel, values, "calibrated" if measured else "assumed"):
        yield line.replace("calibrated", "assumed") if "_launch" in line else line


def _group(group: str, values: Mapping[str, float], source: str) -> Iterator[str]:
    for field in constant_fields(KERNELS[group]):
        value = values.get(field.name)
        if value is None or (not field.needed and value == 0.0):
            continue
        number = float(f"{value / US if field.measure == 's' else value:.3g}")
        unit = " us" if field.measure == "s" else ""
        shown = f"{number:_.0f}" if number.is_integer() and number >= LONG else f"{number:g}"
        yield f"  {field_name(group, field.name)} = {source}({shown}{unit})"
