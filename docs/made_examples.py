"""Blocks about the examples: what they open with, a plan's text, its collectives, and the verdict on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from helixc.analysis.collectives import Collective
from helixc.analysis.layers import Layer
from helixc.analysis.numbers_text import byte_text, seconds_text
from helixc.compiler import Compilation
from helixc.compiler import compile as compile_file
from helixc.proving import verify

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HEAD = (
    "| layer | turns | value | collective | mesh axes | groups x GPUs | bytes per GPU | time |",
    "| --- | ---: | --- | --- | --- | ---: | ---: | ---: |",
)


@cache
def compiled(example: str, plan: str) -> Compilation:
    """An example under one of its plans."""
    return compile_file(EXAMPLES / f"{example}.hx", plan=plan)


def opening(example: str) -> Iterator[str]:
    """The comment that an example opens with, as a quotation."""
    lines = (EXAMPLES / f"{example}.hx").read_text(encoding="utf-8").splitlines()
    for line in lines[: lines.index("")]:
        yield f"> {line.removeprefix('#').strip()}"


def plan_text(example: str, plan: str) -> Iterator[str]:
    """The plan as it is written in the example."""
    text = (EXAMPLES / f"{example}.hx").read_text(encoding="utf-8")
    found = re.search(rf"^plan {plan} for .*?^}}$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise LookupError(f"{example} has no plan {plan}")
    yield "```"
    yield found.group()
    yield "```"


def collectives(example: str, plan: str) -> Iterator[str]:
    """Every collective of one turn of each layer, and the totals."""
    report = compiled(example, plan).report
    yield from HEAD
    yield from map(_row, report.collectives)
    path = report.critical_path
    yield ""
    yield (
        f"All turns: {byte_text(report.bytes_per_gpu)} received by each GPU; "
        f"{seconds_text(path.compute_picoseconds)} of computing and "
        f"{seconds_text(path.communication_picoseconds)} of communication, one after the other."
    )


def _row(found: Collective) -> str:
    dims = " -> ".join(f"`{dim}`" for dim in found.dims)
    kind = found.kind.replace("_", "-") + (f" {dims}" if dims else "")
    cells = (
        f"`{found.layer.title}`",
        _turns(found.layer),
        f"`{found.value}`",
        (f"{found.times} x " if found.times > 1 else "") + kind,
        ", ".join(f"`{axis}`" for axis in found.axes),
        f"{found.groups} x {found.group_size}",
        byte_text(found.bytes_per_gpu),
        seconds_text(found.picoseconds),
    )
    return f"| {' | '.join(cells)} |"


def _turns(layer: Layer) -> str:
    return str(layer.turns) if layer.repeats else "1"


def verdict(example: str, plan: str) -> Iterator[str]:
    """What ``helixc verify`` says of it."""
    report = verify(compiled(example, plan))
    words = f"`helixc verify`: **{report.verdict}**"
    yield f"{words} ({report.reason})." if report.reason else f"{words}."
    for found in report.approximations:
        yield f"The program computes {found.statement}."
