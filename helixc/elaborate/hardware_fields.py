"""The fields that a ``gpu``, a ``link`` and a ``level`` may have, and what each must be.

Each is one row of a table; ``read_fields`` checks a declaration's fields against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.diagnostics import Findings, Note, Span
from helixc.elaborate.constants import Environment, evaluate
from helixc.elaborate.units import (
    BYTES,
    BYTES_PER_SECOND,
    EXAMPLES,
    FLOPS_PER_SECOND,
    PLAIN,
    SECONDS,
    Quantity,
    Unit,
)
from helixc.ir import source
from helixc.ir.figures import COUNT, FACTOR, SHARE, Measure, Range, above_zero, from_zero
from helixc.ir.kernels import (
    COLLECTIVES,
    KERNELS,
    SOURCES,
    Constants,
    Source,
    constant_fields,
    field_name,
)
from helixc.ir.tensor import DTYPE_BITS
from helixc.spelling import close_names, did_you_mean


@attrs.frozen(kw_only=True)
class FieldRule:
    """What a field holds: a quantity of ``unit`` in the range ``legal``; ``whole`` excludes fractions.

    ``unit`` None means ``true`` or ``false``.
    """

    unit: Unit | None
    legal: Range = Range(0.0, 1.0)
    needed: bool = False
    whole: bool = False


_UNITS: Mapping[Measure, Unit] = {
    "": PLAIN,
    "s": SECONDS,
    "B": BYTES,
    "B/s": BYTES_PER_SECOND,
    "FLOP/s": FLOPS_PER_SECOND,
}


def _divisor(measure: Measure, *, needed: bool = False) -> FieldRule:
    return FieldRule(unit=_UNITS[measure], legal=above_zero(measure), needed=needed)


def _seconds(*, needed: bool = False) -> FieldRule:
    return FieldRule(unit=SECONDS, legal=from_zero("s"), needed=needed)


def _constants(groups: Mapping[str, type[Constants]]) -> dict[str, FieldRule]:
    """The fields in which the constants of kernels or collectives stand."""
    return {
        field_name(group, field.name): FieldRule(unit=_UNITS[field.measure], legal=field.legal)
        for group, kind in groups.items()
        for field in constant_fields(kind)
    }


# TF32 is no dtype of values: products of f32 may run at its rate.
PEAKS = (*(dtype for dtype in DTYPE_BITS if dtype != "bool"), "tf32")
GPU_CONSTANTS = _constants(KERNELS)
LINK_CONSTANTS = _constants(COLLECTIVES)
_SHARE = FieldRule(unit=PLAIN, legal=SHARE)
_COUNT = FieldRule(unit=PLAIN, legal=COUNT, whole=True)

GPU_FIELDS: Mapping[str, FieldRule] = {
    "memory": _divisor("B", needed=True),
    "bandwidth": _divisor("B/s", needed=True),
    **dict.fromkeys(PEAKS, _divisor("FLOP/s")),
    "compute_fraction": _SHARE,
    "bandwidth_fraction": _SHARE,
    "launch": _seconds(),
    "sms": _COUNT,
    **GPU_CONSTANTS,
}

LINK_FIELDS: Mapping[str, FieldRule] = {
    "bandwidth": _divisor("B/s", needed=True),
    "latency": _seconds(needed=True),
    "in_switch": FieldRule(unit=None),
    **LINK_CONSTANTS,
}

LEVEL_OPTIONS: Mapping[str, FieldRule] = {
    "links": _COUNT,
    "rails": _COUNT,
    "oversubscribed": FieldRule(unit=PLAIN, legal=FACTOR),
}


def read_fields(
    owner: str,
    fields: Sequence[source.Field | source.Binding],
    rules: Mapping[str, FieldRule],
    environment: Environment,
    findings: Findings,
) -> dict[str, Quantity]:
    """The legal fields by name; every other one becomes a finding that speaks of ``owner``."""
    values: dict[str, Quantity] = {}
    seen: dict[str, Span] = {}
    for field in fields:
        name = field.name
        if name.text in seen:
            note = Note("first given here", seen[name.text])
            message = f"`{name.text}` is given twice for {owner}"
            findings.error("HX0415", message, name.span, notes=[note])
            continue
        seen[name.text] = name.span
        if name.text not in rules:
            _report_unknown(owner, name, rules, findings)
            continue
        value = evaluate(untagged(field.value)[0], environment, findings)
        if value is not None and _fits(name.text, value, rules[name.text], field, findings):
            values[name.text] = value
    return values


def untagged(expr: source.Expr) -> tuple[source.Expr, Source]:
    """The figure in ``datasheet(80 GB)``, and where it comes from; a bare one is assumed."""
    if isinstance(expr, source.Call) and len(expr.arguments) == 1 and not expr.over:
        tag, inner = expr.function.text, expr.arguments[0]
        if tag in SOURCES and not isinstance(inner, source.Keyword | source.Arrow):
            return inner, tag
    return expr, "assumed"


def report_missing(
    owner: str,
    declaration: source.Hardware,
    rules: Mapping[str, FieldRule],
    findings: Findings,
) -> None:
    """Record every field that ``rules`` need and the declaration does not have."""
    given = {field.name.text for field in declaration.fields}
    # A field that is spelt wrong is reported as such.
    given |= {close for name in given - set(rules) for close in close_names(name, rules)}
    for name, rule in rules.items():
        if rule.needed and name not in given:
            message = f"{owner} needs `{name}`, {_kind(rule.unit or PLAIN)}"
            findings.error("HX0413", message, declaration.name.span)


def _kind(unit: Unit) -> str:
    """A kind of quantity with an example."""
    return f"{unit}, such as `{EXAMPLES[unit]}`" if unit in EXAMPLES else str(unit)


def _report_unknown(
    owner: str, name: source.Name, rules: Mapping[str, FieldRule], findings: Findings
) -> None:
    common = [rule for rule in rules if rule not in (GPU_CONSTANTS | LINK_CONSTANTS)]
    hint = did_you_mean(name.text, rules) or f"; there are {', '.join(common)}"
    legal = dict.fromkeys((*close_names(name.text, rules), *common))
    message = f"{owner} has no field `{name.text}`{hint}"
    findings.error("HX0412", message, name.span, legal=legal)


def _fits(
    name: str,
    value: Quantity,
    rule: FieldRule,
    field: source.Field | source.Binding,
    findings: Findings,
) -> bool:
    if rule.unit is None or value.truth is not None:
        if rule.unit is None and value.truth is not None:
            return True
        wanted = "`true` or `false`" if rule.unit is None else _kind(rule.unit)
        findings.error("HX0414", f"`{name}` is {wanted}, not {value}", field.value.span)
        return False
    if value.unit != rule.unit:
        message = f"`{name}` is {_kind(rule.unit)}, not {value.unit}"
        findings.error("HX0414", message, field.value.span)
        return False
    if value.number not in rule.legal or (rule.whole and value.whole is None):
        kind = "a whole number " if rule.whole else ""
        message = f"`{name}` is {value.number:g}; it must be {kind}{rule.legal}"
        findings.error("HX0416", message, field.value.span)
        return False
    return True
