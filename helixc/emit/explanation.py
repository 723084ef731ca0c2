"""Why every collective of a program is there, most exposed first: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from helixc.analysis.advice import Advice
from helixc.analysis.collectives import Alternative, Collective
from helixc.analysis.numbers_text import byte_text, count_text, seconds_text
from helixc.analysis.ranking import exposed_picoseconds, ranked, total_picoseconds
from helixc.analysis.report import Report
from helixc.analysis.report_rows import collective_row, seconds
from helixc.diagnostics import NOWHERE, Span
from helixc.emit.advice import (
    Line,
    advice_row,
    best_lines,
    clipped,
    removal_lines,
    trial_row,
)
from helixc.emit.wording import gpus_text

SCHEMA = "helixc.explain/1"

# The text of each file by the name that spans have for it.
Texts = Mapping[str, str]

_INDENT = ("    ", "")


@attrs.frozen(kw_only=True)
class Explanation:
    """A report, what edits of its plan would do, and the text of each file.

    ``only``: the number of the one collective that is asked for, from 1; 0 for all.
    """

    report: Report
    advice: Advice
    texts: Texts
    only: int = 0

    @property
    def numbered(self) -> tuple[tuple[int, Collective], ...]:
        """The collectives that are asked for, with their places in the ranking."""
        every = enumerate(ranked(self.report.collectives), 1)
        return tuple(pair for pair in every if self.only in (0, pair[0]))


def explanation_lines(explanation: Explanation) -> Iterator[Line]:
    """The explanation for people, line by line."""
    report = explanation.report
    yield from _head(report)
    advice = explanation.advice
    if not explanation.only:
        yield from best_lines(advice)
    shown = [] if explanation.only or advice.best is None else [advice.best]
    for number, collective in explanation.numbered:
        yield ()
        yield from _collective(number, collective, report, explanation.texts)
        trial = advice.removing(collective)
        yield from removal_lines(trial, advice, _INDENT[0], again=trial in shown)
        shown += [trial] if trial is not None else []
    if report.hints and not explanation.only:
        yield ()
        yield (("What another storage of weights would save:", "bold"),)
        for hint in report.hints:
            yield (("  hint: ", "bold cyan"), (hint.text, ""))


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """The same as a JSON object, as ``schemas/explain_v1.json`` describes it."""
    report, advice = explanation.report, explanation.advice
    path = report.critical_path
    return {
        "schema": SCHEMA,
        "model": report.model,
        "plan": report.plan,
        "cluster": report.cluster.name,
        "bytes_per_gpu": report.bytes_per_gpu,
        "compute_seconds": seconds(path.compute_picoseconds),
        "communication_seconds": seconds(path.communication_picoseconds),
        "exposed_seconds": seconds(path.exposed_picoseconds),
        "busy_seconds": seconds(path.busy_picoseconds),
        "program_seconds": seconds(path.picoseconds),
        "edits": advice_row(advice, report.collectives),
        "collectives": [
            _row(number, collective, explanation) for number, collective in explanation.numbered
        ],
        "hints": [{**attrs.asdict(hint), "text": hint.text} for hint in report.hints],
    }


def _row(number: int, collective: Collective, explanation: Explanation) -> dict[str, Any]:
    row = collective_row(collective, None)
    del row["index"]
    turns = collective.layer.turns
    trial = explanation.advice.removing(collective)
    return {
        "number": number,
        **row,
        "turns": turns,
        "total_bytes_per_gpu": turns * collective.bytes_per_gpu,
        "total_seconds": seconds(total_picoseconds(collective)),
        "total_exposed_seconds": seconds(exposed_picoseconds(collective)),
        "held": collective.held,
        "needed": collective.needed,
        "line": quoted(collective.source, explanation.texts) or None,
        "cheapest_edit": None if trial is None else trial_row(trial, explanation.advice),
    }


def quoted(span: Span, texts: Texts) -> str:
    """What stands at a span, its first line only; "" where that is not known."""
    lines = texts.get(span.file, "").split("\n")
    if span == NOWHERE or not 1 <= span.line <= len(lines):
        return ""
    line = lines[span.line - 1]
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    return line[span.column - 1 : end].strip()


def _head(report: Report) -> Iterator[Line]:
    path = report.critical_path
    yield (
        (f"{report.model}, plan {report.plan} on {report.cluster.name}: ", "bold"),
        (_counted(report), ""),
    )
    busy = (path.compute_picoseconds, path.communication_picoseconds, path.busy_picoseconds)
    compute, communication, together = map(seconds_text, busy)
    text = f"computing {compute}, communicating {communication}, one after the other {together}"
    yield ((text, ""),)
    exposed, whole = seconds_text(path.exposed_picoseconds), seconds_text(path.picoseconds)
    yield ((f"{exposed} of communicating is exposed: the program takes {whole}", ""),)


def _counted(report: Report) -> str:
    number = len(report.collectives)
    if not number:
        return "no collectives; no GPU needs anything of another"
    runs = sum(c.layer.turns * c.times for c in report.collectives)
    what = f"{count_text(number)} collective{'' if number == 1 else 's'}"
    if runs > number:
        every = "all turns" if report.slices is None else "all turns and slices"
        what += f" ({count_text(runs)} with {every})"
    return f"{what}, {byte_text(report.bytes_per_gpu)} received by each GPU"


def _collective(
    number: int, collective: Collective, report: Report, texts: Texts
) -> Iterator[Line]:
    turns = collective.layer.turns
    total = total_picoseconds(collective)
    yield (
        (f"{number:2}. ", "bold"),
        (collective.kind.replace("_", "-"), "bold cyan"),
        (f" of `{collective.value}`", "bold"),
        (f" in {collective.layer.title}{_dims(collective)}: ", ""),
        (seconds_text(total), "bold yellow"),
        (f"{_share(total, report)}, {byte_text(turns * collective.bytes_per_gpu)} per GPU", ""),
    )
    yield (_INDENT, (_exposed(collective), ""))
    yield (_INDENT, (_group(collective), ""))
    if turns > 1 or collective.times > 1:
        yield (_INDENT, (_each(collective), ""))
    yield (_INDENT, (f"from {collective.held} to {collective.needed}", ""))
    yield (_INDENT, (collective.why, ""))
    if collective.source != NOWHERE:
        place = f"{collective.source.file}:{collective.source.line}:{collective.source.column}"
        yield (
            _INDENT,
            ("asked for at ", "dim"),
            (place, "bold"),
            (": ", ""),
            (clipped(quoted(collective.source, texts)), ""),
        )
    for alternative in collective.alternatives:
        yield (
            _INDENT,
            ("passed over ", "dim"),
            (alternative_text(alternative, report.critical_path.busy_picoseconds), ""),
        )


def _dims(collective: Collective) -> str:
    return f", {' -> '.join(collective.dims)}" if collective.dims else ""


def _share(picoseconds: int, report: Report) -> str:
    whole = report.critical_path.communication_picoseconds
    return f" ({100 * picoseconds / whole:.1f} % of communicating)" if whole else ""


def _exposed(collective: Collective) -> str:
    """How much of its time nothing is computed beside it."""
    total, exposed = total_picoseconds(collective), exposed_picoseconds(collective)
    if exposed == total:
        return "all of it exposed: nothing is computed meanwhile"
    if not exposed:
        return "none of it exposed: all of it runs beside computing"
    return f"{seconds_text(exposed)} of it exposed, the rest runs beside computing"


def _group(collective: Collective) -> str:
    members = gpus_text(collective.first_group)
    more = ", ..." if collective.group_size > len(collective.first_group) else ""
    what = (
        f"group{'' if collective.groups == 1 else 's'} of {count_text(collective.group_size)} GPUs"
    )
    how = f", {collective.algorithm}" if collective.algorithm else ""
    axes = ", ".join(collective.axes)
    return f"over {axes}: {count_text(collective.groups)} {what} ({members}{more}){how}"


def _each(collective: Collective) -> str:
    runs = collective.layer.turns * collective.times
    return (
        f"{count_text(runs)} times {seconds_text(collective.picoseconds // collective.times)}, "
        f"{byte_text(collective.bytes_per_gpu // collective.times)}"
    )


def alternative_text(alternative: Alternative, busy_picoseconds: int) -> str:
    """Another program, against the busy time of the one that was taken."""
    dearer = alternative.picoseconds - busy_picoseconds
    sign = "+" if dearer > 0 else ""
    difference = f"{sign}{seconds_text(dearer)}" if dearer else "no slower"
    return (
        f"{alternative.how}: the whole program {byte_text(alternative.bytes_per_gpu)}, "
        f"{seconds_text(alternative.picoseconds)} ({difference})"
    )
