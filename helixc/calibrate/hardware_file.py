"""A GPU and a link as ``.hx`` text: what differs from the ones that they are like, and how well it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import attrs

from helixc.calibrate.refit import Misses
from helixc.ir.figures import Measure
from helixc.ir.hardware import Gpu, Link
from helixc.ir.kernels import (
    COLLECTIVES,
    KERNELS,
    Constants,
    constant_fields,
    field_name,
)

DIGITS = 4
# Attribute, field, and what it is counted in.
_OWN_FIELDS: tuple[tuple[str, str, Measure], ...] = (
    ("bandwidth", "bandwidth", "B/s"),
    ("latency", "latency", "s"),
    ("compute_fraction", "compute_fraction", ""),
    ("bandwidth_fraction", "bandwidth_fraction", ""),
    ("launch_seconds", "launch", "s"),
)


@attrs.frozen(kw_only=True)
class Account:
    """What a reader of the file should know: ``device`` in words, ``day``, and how far predictions are.

    ``before`` and ``after``: of every kind of kernel, with the constants of ``like`` and with the new ones.
    """

    device: str
    day: str
    before: Mapping[str, Misses]
    after: Mapping[str, Misses]


def hardware_text(
    name: str, gpu: tuple[Gpu, Gpu], link: tuple[Link, Link] | None, account: Account
) -> str:
    """The file: ``gpu`` and ``link`` are the known one and the one that was measured."""
    lines = [
        f"# Measured on {_printable(account.device)}, {account.day}. Mean and largest error of the predictions,",
        "# with the constants of hardware like it and with its own:",
        *(_error_line(kind, account) for kind in account.after),
        "",
        "import std.hardware",
        "",
        *_declaration("gpu", name, *gpu, KERNELS),
    ]
    if link is not None:
        lines += ["", *_declaration("link", f"{name}_link", *link, COLLECTIVES)]
    return "\n".join([*lines, ""])


def _printable(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isprintable() else " " for c in text)[:80]


def _error_line(kind: str, account: Account) -> str:
    before, after = account.before[kind], account.after[kind]
    return (
        f"#   {kind}: {before.mean:.1%} and {before.largest:.1%} before, "
        f"{after.mean:.1%} and {after.largest:.1%} after"
    )


def _declaration(
    word: str,
    name: str,
    known: Gpu | Link,
    measured: Gpu | Link,
    groups: Mapping[str, type[Constants]],
) -> Iterator[str]:
    yield f"{word} {name} {{"
    yield f"  like = {known.name}"
    own: list[tuple[str, float, Measure]] = [
        (field, float(getattr(measured, attribute)), measure)
        for attribute, field, measure in _OWN_FIELDS
        if getattr(known, attribute, None) != getattr(measured, attribute, None)
    ]
    measures, before = _measures(groups), dict(known.figures)
    changed: list[tuple[str, float, Measure]] = [
        (f, value, measures[f])
        for f, value in measured.figures
        if before.get(f) != value or measured.source(f) != known.source(f)
    ]
    for f, value, measure in chain(own, changed):
        yield f"  {f} = {measured.source(f)}({_figure(value, measure)})"
    yield "}"


def _measures(groups: Mapping[str, type[Constants]]) -> dict[str, Measure]:
    return {
        field_name(group, field.name): field.measure
        for group, kind in groups.items()
        for field in constant_fields(kind)
    }


def _figure(value: float, measure: Measure) -> str:
    units: Mapping[Measure, tuple[float, str]] = {
        "": (1.0, ""),
        "s": (1e6, " us"),
        "B": (1.0, " B"),
        "B/s": (1e-9, " GB/s"),
        "FLOP/s": (1e-12, " TFLOP/s"),
    }
    factor, unit = units[measure]
    return f"{float(f'{value * factor:.{DIGITS}g}'):g}{unit}" if value else f"0{unit}"
