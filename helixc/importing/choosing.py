"""Finds the family of a configuration, and the part of the file that speaks of the text model."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.diagnostics import Findings, Span
from helixc.importing.families import FAMILIES
from helixc.importing.fields import Family
from helixc.importing.json_text import Json

_KIND = "model_type"
# A model of several kinds of input keeps what its text part is like in an object of its own, but for these.
_INNER = "text_config"
# Characters of a name that a message shows.
_LONGEST = 40
_OUTER = ("dtype", "torch_dtype", "tie_word_embeddings")


@attrs.frozen
class Chosen:
    """The family to read by, what to read, and in words what was decided on the way."""

    family: Family
    config: Json
    remarks: tuple[str, ...] = ()


def choose_family(root: Json, forced: str | None, findings: Findings) -> Chosen | None:
    """The family that the file names, or the one that is ``forced``; None, and a finding, if there is none."""
    if root.kind != "object":
        findings.error("HX1005", f"a configuration is an object, not a {root.kind}", root.span)
        return None
    inner = root.members.get(_INNER)
    nested = inner is not None and inner.kind == "object" and not _is_known(root)
    config = _joined(root, inner) if inner is not None and nested else root
    remarks = (f"only `{_INNER}` of the file is imported, the text part",) if nested else ()
    if forced is not None:
        named = _named(config)
        if named != forced:
            remarks += (f"read as {forced}, as asked for: `{_KIND}` is {_shown(named)}",)
        return Chosen(FAMILIES[forced], config, remarks)
    return _by_name(config, remarks, findings)


def _by_name(config: Json, remarks: tuple[str, ...], findings: Findings) -> Chosen | None:
    value = config.members.get(_KIND)
    named = _named(config)
    if named is not None and named in FAMILIES:
        return Chosen(FAMILIES[named], config, remarks)
    if value is None:
        message = f"`{_KIND}` is missing; `--as FAMILY` says what to read the file as"
        span = attrs.evolve(config.span, end_line=config.span.line)
    else:
        message = f"models of the kind {_shown(named)} are not known"
        span = value.span
    findings.error("HX1003", message, _short(span), legal=FAMILIES)
    return None


def _named(config: Json) -> str | None:
    value = config.members.get(_KIND)
    return value.value if value is not None and isinstance(value.value, str) else None


def _is_known(root: Json) -> bool:
    return _named(root) in FAMILIES


def _joined(root: Json, inner: Json) -> Json:
    """The text part, with what stands outside it and speaks of it too."""
    outside = {n: root.members[n] for n in _OUTER if n in root.members}
    spans = {n: root.names[n] for n in outside}
    members: Mapping[str, Json] = {**outside, **inner.members}
    return attrs.evolve(inner, value=members, names={**spans, **inner.names})


def _short(span: Span) -> Span:
    """The span, or the first place of one that goes over several lines."""
    if span.end_line == span.line and span.end_column > span.column:
        return span
    return attrs.evolve(span, end_line=span.line, end_column=span.column + 1)


def _shown(named: str | None) -> str:
    if named is None:
        return "not given"
    return f"`{named}`" if len(named) <= _LONGEST else f"`{named[:_LONGEST]}...`"
