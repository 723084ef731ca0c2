"""From the legal fields of a ``gpu`` or a ``link`` to its record, with or without one that it is ``like``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.diagnostics import Findings
from helixc.elaborate.hardware_fields import (
    GPU_CONSTANTS,
    GPU_FIELDS,
    LINK_CONSTANTS,
    LINK_FIELDS,
    PEAKS,
    FieldRule,
    report_missing,
    untagged,
)
from helixc.elaborate.units import Quantity
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.hardware import Gpu, Link, Sources
from helixc.ir.kernels import COLLECTIVES, KERNELS, Constants, Source, constant_fields, field_name

Values = Mapping[str, Quantity]
Fields = Sequence[source.Field]


def make_gpu(
    declaration: source.Hardware, fields: Fields, values: Values, base: Gpu | None, found: Findings
) -> Gpu | None:
    """The GPU that legal fields describe; what ``base`` has and they do not say is taken from it."""
    owner = f"gpu `{declaration.name.text}`"
    peaks = {dtype: values[dtype].number for dtype in PEAKS if dtype in values}
    if base is None:
        report_missing(owner, declaration, GPU_FIELDS, found)
        if not any(field.name.text in PEAKS for field in fields):
            message = f"{owner} needs a peak rate, such as `bf16 = 989 TFLOP/s`"
            found.error("HX0413", message, declaration.name.span, legal=PEAKS)
        if "memory" not in values or "bandwidth" not in values or not peaks:
            return None
        base = Gpu(name="", memory_bytes=0, bandwidth=0.0, peaks=())
    figures = dict(base.figures) | _constants(values, GPU_CONSTANTS)
    _report_incomplete(owner, figures, KERNELS, declaration, found)
    wholes = {"memory_bytes": "memory", "sms": "sms"}
    numbers = {
        "bandwidth": "bandwidth",
        "compute_fraction": "compute_fraction",
        "bandwidth_fraction": "bandwidth_fraction",
        "launch_seconds": "launch",
    }
    return attrs.evolve(
        base,
        name=declaration.name.text,
        peaks=tuple((dict(base.peaks) | peaks).items()),
        figures=tuple(figures.items()),
        sources=_sources(base.sources, fields, values),
        **{to: int(values[name].value) for to, name in wholes.items() if name in values},
        **{to: values[name].number for to, name in numbers.items() if name in values},
    )


def make_link(
    declaration: source.Hardware, fields: Fields, values: Values, base: Link | None, found: Findings
) -> Link | None:
    """The link that legal fields describe; what ``base`` has and they do not say is taken from it."""
    owner = f"link `{declaration.name.text}`"
    if base is None:
        report_missing(owner, declaration, LINK_FIELDS, found)
        if "bandwidth" not in values or "latency" not in values:
            return None
        base = Link(name="", bandwidth=0.0, latency=0.0)
    figures = dict(base.figures) | _constants(values, LINK_CONSTANTS)
    _report_incomplete(owner, figures, COLLECTIVES, declaration, found)
    switch = values["in_switch"].truth is True if "in_switch" in values else base.in_switch
    return attrs.evolve(
        base,
        name=declaration.name.text,
        in_switch=switch,
        figures=tuple(figures.items()),
        sources=_sources(base.sources, fields, values),
        **{name: values[name].number for name in ("bandwidth", "latency") if name in values},
    )


def _constants(values: Values, constants: Mapping[str, FieldRule]) -> dict[str, float]:
    return {name: values[name].number for name in constants if name in values}


def _sources(base: Sources, fields: Fields, values: Values) -> Sources:
    """Where each figure comes from; nothing is said of what is assumed."""
    known: dict[str, Source] = dict(base)
    known |= {f.name.text: untagged(f.value)[1] for f in fields if f.name.text in values}
    return tuple((name, tag) for name, tag in known.items() if tag != "assumed")


def _report_incomplete(
    owner: str,
    figures: Mapping[str, float],
    groups: Mapping[str, type[Constants]],
    declaration: source.Hardware,
    found: Findings,
) -> None:
    """Record every group of constants of which only a part is there: alone they mean nothing."""
    written = {f.name.text: f for f in declaration.fields if isinstance(f, source.Field)}
    for group, kind in groups.items():
        given = [field_name(group, field.name) for field in constant_fields(kind)]
        first = next((written[name] for name in given if name in written), None)
        needed = [field_name(group, field.name) for field in constant_fields(kind) if field.needed]
        missing = [name for name in needed if name not in figures]
        if missing and first is not None:
            message = f"{owner} has only a part of the constants `{group}_...`: {quoted(missing)} "
            message += f"must be given too, or `like` and the name of a {declaration.kind}"
            found.error("HX0413", message, first.name.span)
