"""Sections of ``report.md``: the longest path step by step, and the runtime as a formula."""

from __future__ import annotations

from collections.abc import Iterator

from helixc.analysis.critical_path import flat_steps
from helixc.analysis.numbers_text import interval_text, seconds_text
from helixc.analysis.path_layers import layer_paths, outline
from helixc.analysis.report import Report
from helixc.emit.markdown import code, fenced, table
from helixc.price.interval import Price

_FORMULA_WIDTH = 120


def path_section(report: Report) -> Iterator[str]:
    """Every step of the longest path, with its start, its time and what bounds it."""
    yield "## Longest path"
    yield ""
    yield (
        "All GPUs do the same at the same time, so the path is that of one GPU. Steps that depend on each "
        "other, or need the same unit, follow one another. Starts are those of the first turn; `bound` is "
        "what most of a step's time goes into."
    )
    yield ""
    total = report.critical_path.picoseconds
    rows = [
        (
            str(number),
            code(report.layer_map.layer(step.value).title),
            step.kind.replace("_", "-"),
            code(step.name),
            code(step.term),
            step.price.bound,
            step.price.source,
            seconds_text(step.start),
            time_text(step.price),
            str(times),
            f"{100 * times * step.picoseconds / total:.1f} %",
        )
        for number, (step, times) in enumerate(flat_steps(report.critical_path.steps), 1)
    ]
    columns = (
        "step >", "layer", "does", "for", "term", "bound", "constants", "start >", "time >", "times >",
        "share >",
    )  # fmt: skip
    yield from table(columns, rows)


def runtime_section(report: Report) -> Iterator[str]:
    """The time of the program as a sum of symbolic terms, by layer, and by what bounds it."""
    path, layers = report.critical_path, report.layer_map
    parts = tuple(layer_paths(path, layers))
    width = max((len(part.name) for part in parts), default=0)
    width = max(width, len("total"))
    yield "## Runtime"
    yield ""
    yield (
        f"{interval_text(path.picoseconds, path.low, path.high)} for one forward pass. `Get_Time(m, k, n)` stands for a "
        "multiplication, `Memory_Time(bytes)` for an operator that is bound by memory, and a "
        "collective for its bytes per GPU and the size of its groups."
    )
    if "Attention_Time" in "".join(part.expression for part in parts):
        yield "`Attention_Time(batch, queries, keys, head_dim)` stands for an attention in one kernel."
    if "Kernel_Time" in "".join(part.expression for part in parts):
        yield "`Kernel_Time(FLOP, bytes)` stands for another kernel with a multiplication in it."
    yield ""
    lines = [f"{'total':{width}} = {outline(path.steps, layers)}"]
    for part in parts:
        lines += _formula(f"{part.name:{width}}", part.expression)
    yield from fenced(lines)
    rows = [(code(part.name), seconds_text(part.picoseconds)) for part in parts]
    yield from table(("one turn of", "time >"), [*rows, ("total", seconds_text(path.picoseconds))])
    bounds = [
        (bound, seconds_text(time), f"{100 * time / path.picoseconds:.1f} %")
        for bound, time in path.bounds.items()
        if time
    ]
    yield from table(("the path is bound by", "time >", "share >"), bounds)


def _formula(name: str, expression: str) -> Iterator[str]:
    """A sum, broken before a ``+`` where its line gets too wide to read."""
    first, *terms = expression.split(" + ")
    line = f"{name} = {first}"
    for term in terms:
        if len(line) + len(f" + {term}") > _FORMULA_WIDTH:
            yield line
            line = " " * len(name)
        line += f" + {term}"
    yield line


def time_text(price: Price) -> str:
    """A price with its low and high."""
    return interval_text(price.picoseconds, price.low, price.high)
