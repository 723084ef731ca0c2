"""Edits of a plan and what would come of them: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from helixc.analysis.advice import Advice, Trial
from helixc.analysis.collectives import Collective
from helixc.analysis.numbers_text import byte_text, count_text, seconds_text
from helixc.analysis.report_rows import seconds

# A line as pieces: text and a style, "" for none.
Line = tuple[tuple[str, str], ...]

# The most characters of a source line that are shown.
WIDTH = 120


def best_lines(advice: Advice) -> Iterator[Line]:
    """The edit that saves most, or that none does."""
    best = advice.best
    if best is not None:
        yield (("best edit of the plan: ", "bold green"), (sentence(best, advice), "bold"))
        yield from changes(best, "  ")
    fitting = advice.fitting
    if fitting is not None and fitting is not best:
        yield (("fastest edit that fits: ", "bold green"), (sentence(fitting, advice), "bold"))
        yield from changes(fitting, "  ")
    if advice.tried:
        yield ((_counted(advice), "dim"),)


def removal_lines(
    trial: Trial | None, advice: Advice, indent: str, *, again: bool
) -> Iterator[Line]:
    """The cheapest edit that is rid of a collective, if any is; its lines unless they stand above."""
    if trial is not None:
        yield ((indent, ""), ("cheapest edit without it: ", "green"), (sentence(trial, advice), ""))
        yield from () if again else changes(trial, indent + "  ")
    elif advice.tried:
        yield ((indent, ""), ("no edit tried is rid of it", "dim"))


def sentence(trial: Trial, advice: Advice) -> str:
    """What an edit does and what the program then takes."""
    after, before = trial.after, advice.before
    more = after.picoseconds - before.picoseconds
    text = f"{trial.edit.what}: the whole program {seconds_text(after.picoseconds)}"
    text += f" ({_signed(more)})" if more else " (no slower, no faster)"
    needed = after.needed_bytes - before.needed_bytes
    if needed:
        sign = "+" if needed > 0 else "-"
        text += f", {sign}{byte_text(abs(needed))} memory per GPU"
    if not after.fits:
        text += ", which does not fit" + ("" if before.fits else " (nor does the plan as it is)")
    if trial.warnings:
        text += f"; warned of: {', '.join(trial.warnings)}"
    return text


def changes(trial: Trial, indent: str) -> Iterator[Line]:
    """The lines of the source as they are and as they become."""
    for change in trial.lines:
        where = f"{trial.file}:{change.number}" if change.old else _after(trial, change.number)
        yield ((f"{indent}{where}", "dim"),)
        for sign, style, lines in (("-", "red", change.old), ("+", "green", change.new)):
            for line in lines:
                yield ((f"{indent}{sign} {clipped(line.strip())}", style),)


def advice_row(advice: Advice, collectives: tuple[Collective, ...]) -> dict[str, Any]:
    """What was tried, and the best edit; ``collectives`` are those that an edit may be rid of."""
    best, fitting = advice.best, advice.fitting
    return {
        "tried": advice.tried,
        "compiled": len(advice.trials),
        "left_out": advice.left_out,
        "seconds": seconds(advice.before.picoseconds),
        "best": None if best is None else trial_row(best, advice),
        "fitting": None if fitting is None else trial_row(fitting, advice),
        "removable": sum(advice.removing(c) is not None for c in collectives),
    }


def trial_row(trial: Trial, advice: Advice) -> dict[str, Any]:
    """One edit, by the offsets that it replaces and by the lines that it changes."""
    after, before = trial.after, advice.before
    return {
        "what": trial.edit.what,
        "file": trial.file,
        "replacements": [
            {"start": r.start, "end": r.end, "new": r.new} for r in sorted(trial.edit.replacements)
        ],
        "lines": [
            {"line": change.number, "old": list(change.old), "new": list(change.new)}
            for change in trial.lines
        ],
        "seconds": seconds(after.picoseconds),
        "difference_seconds": seconds(after.picoseconds - before.picoseconds),
        "bytes_per_gpu": after.bytes_per_gpu,
        "memory_bytes_per_gpu": after.needed_bytes,
        "fits": after.fits,
        "warnings": list(trial.warnings),
    }


def clipped(text: str) -> str:
    """A source line, cut where it is very long."""
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def _signed(picoseconds: int) -> str:
    return f"{'+' if picoseconds > 0 else ''}{seconds_text(picoseconds)}"


def _after(trial: Trial, number: int) -> str:
    return f"{trial.file}, after line {number - 1}"


def _counted(advice: Advice) -> str:
    refused = advice.tried - len(advice.trials)
    text = f"{count_text(advice.tried)} edit{'' if advice.tried == 1 else 's'} of the plan compiled"
    if refused:
        text += f", {count_text(refused)} of them refused"
    text += ", none faster" if advice.best is None else ""
    return text + ("; there are more to try (--edits)" if advice.left_out else "")
