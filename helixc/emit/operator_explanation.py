"""Why an operator runs as it does: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from helixc.analysis.numbers_text import byte_text, count_text, flop_text, seconds_text
from helixc.analysis.operator_facts import OperatorFacts, OperatorsFound
from helixc.analysis.report_rows import price_row, seconds
from helixc.diagnostics import NOWHERE, Span
from helixc.emit.advice import Line, clipped
from helixc.emit.explanation import Texts, alternative_text, quoted

SCHEMA = "helixc.explain_op/1"

_INDENT = ("    ", "")


def operator_lines(found: OperatorsFound, texts: Texts) -> Iterator[Line]:
    """What there is to say about each operator, an empty line between two."""
    for number, facts in enumerate(found.operators):
        if number:
            yield ()
        yield from _operator(facts, found, texts)
    left = found.found - len(found.operators)
    if left:
        yield ()
        yield ((f"... and {count_text(left)} more of this name", "dim"),)


def operator_json(found: OperatorsFound, texts: Texts) -> dict[str, Any]:
    """The same as a JSON object, as ``schemas/explain_op_v1.json`` describes it."""
    return {
        "schema": SCHEMA,
        "found": found.found,
        "busy_seconds": seconds(found.program_picoseconds),
        "operators": [_row(facts, texts) for facts in found.operators],
    }


def _operator(facts: OperatorFacts, found: OperatorsFound, texts: Texts) -> Iterator[Line]:
    yield (
        (facts.kind, "bold cyan"),
        (f" that makes `{facts.name}`", "bold"),
        (f" in {facts.layer.title}: ", ""),
        (seconds_text(facts.runs * facts.price.picoseconds), "bold yellow"),
        (f", {count_text(facts.runs)} times {_time(facts)}", ""),
    )
    yield from _place("written at ", facts.source, texts)
    yield _say("way: ", f"{facts.way}; {_repeated(facts.repeated)}")
    sizes = ", ".join(f"{dim} {count_text(size)}" for dim, size in facts.sizes)
    yield _say("one GPU's sizes: ", sizes or "none")
    yield _say("kernel: ", _kernel(facts))
    for name, layout in facts.reads:
        yield _say(f"reads `{clipped(name)}` ", layout)
    yield _say("result is ", f"{facts.layout}{_departure(facts)}")
    for atom, span in facts.held:
        yield from _place(f"{atom} is held by ", span, texts)
    for other in facts.alternatives:
        yield _say("passed over ", alternative_text(other, found.program_picoseconds))


def _say(what: str, how: str) -> Line:
    return (_INDENT, (what, "dim"), (how, ""))


def _place(what: str, span: Span, texts: Texts) -> Iterator[Line]:
    if span != NOWHERE:
        where = f"{span.file}:{span.line}:{span.column}"
        yield (_INDENT, (what, "dim"), (where, "bold"), (f": {clipped(quoted(span, texts))}", ""))


def _time(facts: OperatorFacts) -> str:
    price = facts.price
    text = seconds_text(price.picoseconds)
    if price.low != price.high:
        text += f" ({seconds_text(price.low)} to {seconds_text(price.high)})"
    return f"{text}, bound by {price.bound}" if price.picoseconds else text


def _kernel(facts: OperatorFacts) -> str:
    if not facts.bytes:
        return "none, it costs nothing"
    return f"{facts.kernel}: {flop_text(facts.flops)}, {byte_text(facts.bytes)}"


def _repeated(count: int) -> str:
    return "no two GPUs do the same" if count == 1 else f"{count_text(count)} GPUs do the very same"


def _departure(facts: OperatorFacts) -> str:
    if not facts.planned or facts.planned == facts.layout:
        return ", as planned"
    return f"; planned: {facts.planned}"


def _row(facts: OperatorFacts, texts: Texts) -> dict[str, Any]:
    return {
        "value": facts.value,
        "name": facts.name,
        "layer": facts.layer.title,
        "kind": facts.kind,
        "source": _span_row(facts.source, texts),
        "runs": facts.runs,
        "way": facts.way,
        "sizes": [{"dim": dim, "size": size} for dim, size in facts.sizes],
        "repeated": facts.repeated,
        "kernel": facts.kernel,
        "flops": facts.flops,
        "bytes": facts.bytes,
        **price_row(facts.price),
        "bound": facts.price.bound,
        "reads": [{"name": name, "layout": layout} for name, layout in facts.reads],
        "layout": facts.layout,
        "planned": facts.planned or None,
        "held_by": [{"axis": atom, **_span_row(span, texts)} for atom, span in facts.held],
        "alternatives": [
            {
                "how": other.how,
                "bytes_per_gpu": other.bytes_per_gpu,
                "seconds": seconds(other.picoseconds),
            }
            for other in facts.alternatives
        ],
    }


def _span_row(span: Span, texts: Texts) -> dict[str, Any]:
    return {**attrs.asdict(span), "text": quoted(span, texts)}
