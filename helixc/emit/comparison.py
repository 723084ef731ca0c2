"""Two programs side by side: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from helixc.analysis.comparison import Comparison, Figure, Pair, Side
from helixc.analysis.numbers_text import byte_text, count_text, flop_text, seconds_text
from helixc.analysis.report_rows import seconds
from helixc.analysis.timed_parts import Part
from helixc.emit.advice import Line, clipped

SCHEMA = "helixc.diff/1"

# Parts that are shown one by one; the others are summed up.
SHOWN = 20
# The most characters of a name in the head of a column.
_NAME = 32

_DOING: Mapping[str, str] = {"compute": "computing", "communication": "communicating"}


def comparison_lines(both: Comparison) -> Iterator[Line]:
    """The comparison for people, line by line."""
    yield from _head(both)
    yield ()
    yield from _table(both)
    if not both.changed:
        return
    yield ()
    yield from _attribution(both)
    yield ()
    yield from _parts(both)
    yield ()
    yield (("Critical paths:", "bold"),)
    for side in (both.before, both.after):
        yield ((f"  {_short(side.name)}: {clipped(side.path.expression)}", ""),)


def comparison_json(both: Comparison) -> dict[str, Any]:
    """The same as a JSON object, as ``schemas/diff_v1.json`` describes it."""
    return {
        "schema": SCHEMA,
        "before": _side_row(both.before),
        "after": _side_row(both.after),
        "differ": both.differ,
        "difference_seconds": seconds(both.difference),
        "figures": [_figure_row(figure) for figure in both.figures],
        "by_layer": [
            {"layer": layer, "stream": stream, "difference_seconds": seconds(time)}
            for layer, stream, time in both.by_layer
        ],
        "parts": [_pair_row(pair) for pair in both.changed],
    }


def _side_row(side: Side) -> dict[str, Any]:
    report = side.report
    return {
        "model": report.model,
        "plan": report.plan,
        "cluster": report.cluster.name,
        "mesh": [attrs.asdict(axis) for axis in report.mesh],
        "critical_path": side.path.expression,
    }


def _figure_row(figure: Figure) -> dict[str, Any]:
    scaled = [_seconds_if(figure.unit, value) for value in (figure.before, figure.after)]
    return {"name": figure.name, "unit": figure.unit, "before": scaled[0], "after": scaled[1]}


def _seconds_if(unit: str, value: float) -> float:
    return seconds(round(value)) if unit == "s" else value


def _pair_row(pair: Pair) -> dict[str, Any]:
    return {
        "layer": pair.part.layer,
        "name": pair.part.name,
        "difference_seconds": seconds(pair.difference),
        "before": _part_row(pair.before),
        "after": _part_row(pair.after),
        "reasons": [{"what": w, "before": one, "after": other} for w, one, other in pair.reasons],
    }


def _part_row(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    return {
        "kind": part.kind,
        "stream": part.stream,
        "runs": part.runs,
        "seconds": seconds(part.picoseconds),
        "counted_seconds": seconds(part.counted),
        "bytes_per_gpu": part.bytes_per_gpu,
        "crossed": [attrs.asdict(crossing) for crossing in part.crossed],
        "facts": [{"what": what, "how": how} for what, how in part.facts],
    }


def _head(both: Comparison) -> Iterator[Line]:
    names = [_short(side.name) for side in (both.before, both.after)]
    one, other = both.before.path.picoseconds, both.after.path.picoseconds
    if not both.differ:
        yield ((f"{names[0]} and {names[1]} do not differ", "bold"),)
        return
    text = f"{names[0]} -> {names[1]}: {seconds_text(one)} -> {seconds_text(other)}"
    share = f", {100 * abs(other - one) / one:.1f} %" if one else ""
    word = "slower" if other > one else "faster"
    change = f" ({_signed(other - one)}{share} {word})" if other != one else " (as fast)"
    yield ((text, "bold"), (change, "bold yellow"))


def _table(both: Comparison) -> Iterator[Line]:
    rows = [("", _short(both.before.name), _short(both.after.name), "difference")]
    rows += [_cells(figure) for figure in both.figures if figure.before or figure.after]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield (("  ".join(cells).rstrip(), "" if number else "bold"),)


def _cells(figure: Figure) -> tuple[str, str, str, str]:
    more = figure.after - figure.before
    change = f"{'+' if more > 0 else ''}{_amount(figure.unit, more)}" if more else ""
    one, other = (_amount(figure.unit, value) for value in (figure.before, figure.after))
    return clipped(figure.name), one, other, change


def _amount(unit: str, value: float) -> str:
    match unit:
        case "s":
            return seconds_text(round(value))
        case "B":
            return byte_text(round(value))
        case "FLOP":
            return flop_text(round(value))
        case "%":
            return f"{value:.1f} %"
        case _:
            return count_text(round(value))


def _attribution(both: Comparison) -> Iterator[Line]:
    """What of the difference in time each layer makes; the lines add up to it."""
    yield (("What makes the difference in time:", "bold"),)
    for layer, stream, time in both.by_layer:
        yield ((f"  {_signed(time):>14}  ", "yellow"), (f"{_DOING[stream]} in {layer}", ""))
    yield ((f"  {_signed(both.difference):>14}  ", "bold yellow"), ("together", "bold"))


def _parts(both: Comparison) -> Iterator[Line]:
    changed = both.changed
    yield ((f"Part by part ({len(changed)} of {len(both.pairs)} differ):", "bold"),)
    for pair in changed[:SHOWN]:
        yield (
            (f"  {_signed(pair.difference):>14}  ", "yellow"),
            (_what(pair.part), "bold"),
            (f": {_how(pair, both)}", ""),
        )
    others = changed[SHOWN:]
    if others:
        rest = sum(pair.difference for pair in others)
        yield ((f"  {_signed(rest):>14}  ", "yellow"), (f"{len(others)} others together", ""))


def _what(part: Part) -> str:
    kind = part.kind.replace("_", "-") if part.stream == "communication" else part.kind
    return f"{kind} of `{part.name}` in {part.layer}"


def _how(pair: Pair, both: Comparison) -> str:
    if pair.before is None or pair.after is None:
        side = both.after if pair.before is None else both.before
        facts = "; ".join(f"{what} {how}" for what, how in pair.part.facts if how)
        return f"only in {_short(side.name)}: {_cost(pair.part)}; {facts}"
    costs = [_cost(part) for part in (pair.before, pair.after)]
    text = f"{costs[0]} -> {costs[1]}" if costs[0] != costs[1] else costs[0]
    reasons = [f"{what} {one or 'none'} -> {other or 'none'}" for what, one, other in pair.reasons]
    return "; ".join([text, *reasons])


def _cost(part: Part) -> str:
    text = seconds_text(part.picoseconds)
    if part.stream == "communication":
        if part.counted != part.picoseconds:
            text += f" ({seconds_text(part.counted)} exposed)"
        text += f", {byte_text(part.bytes_per_gpu)}"
    return text


def _signed(picoseconds: int) -> str:
    return f"{'+' if picoseconds > 0 else ''}{seconds_text(picoseconds)}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 3]}..."
