"""Blocks about the reference case: its plans on two clusters, fused and not, and the ways to attend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from helixc.analysis.collectives import Collective
from helixc.analysis.fit import Fit
from helixc.analysis.memory import Live
from helixc.analysis.numbers_text import byte_text, count_text, interval_text, seconds_text
from helixc.analysis.report import Report, build_report
from helixc.compiler import compile_text
from helixc.emit.report_markdown import report_markdown
from helixc.fitting import find_fit

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "helix_16.hx"
PLANS = ("published", "two_level", "megatron", "megatron_sp")
# What is written after which line of the plans, as `sed` does it.
MESH = r"^  mesh [^#]*"
FUSE = "; fuse attend"
SEGMENTS = r"^    shard head_dim over m$"
# What follows the line that splits the segments, and what it makes of attention.
WAYS = {
    "": "whatever is cheapest",
    " via all_to_all; strict": "exchange Q, K and V, from `head_dim` to `head`",
    "; strict": "gather Q and K, attend on every GPU of a head group",
    " via all_reduce": "leave the scores partial; sum each where its head is needed",
    " via all_reduce; strict": "leave the scores partial; sum all of them everywhere",
}
SHOWN_TENSORS = 3


@cache
def reported(plan: str, cluster: str = "two_nodes", after: str = MESH, added: str = "") -> Report:
    """The report on one plan of the example, with something added after the lines that match."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    text = "\n".join(re.sub(after, lambda found: found.group() + added, line) for line in lines)
    compiled = compile_text(text, name=EXAMPLE.name, plan=plan, cluster=cluster)
    return build_report(compiled.spmd, fit=find_fit(compiled.logical, compiled.spmd))


def sizes() -> Iterator[str]:
    """The sizes of the model and of the GPUs, from the program."""
    report = reported("megatron")
    dims = ", ".join(f"`{dim.name}` {count_text(dim.size)}" for dim in report.dims)
    yield f"{report.layers[0].layer.turns} layers; {dims}; {report.gpus} GPUs `{report.cluster.gpu.name}`."


def reference_costs(cluster: str) -> Iterator[str]:
    """One row per plan, without fused attention and with it."""
    yield (
        "| plan | attention | one forward pass | MFU | exposed communication | received per GPU "
        "| in micro-batches that fit |"
    )
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    for added, plan in product(("", FUSE), PLANS):
        report = reported(plan, cluster, added=added)
        path, sliced = report.critical_path, _sliced(plan, cluster, added, report)
        share = 100 * path.exposed_picoseconds / path.picoseconds
        cells = (
            f"`{plan}`",
            _attention(added),
            interval_text(path.picoseconds, path.low, path.high),
            f"{100 * report.utilisation:.1f} %",
            f"{seconds_text(path.exposed_picoseconds)} ({share:.0f} %)",
            byte_text(report.bytes_per_gpu),
            seconds_text(sliced.critical_path.picoseconds),
        )
        yield f"| {' | '.join(cells)} |"


def _attention(added: str) -> str:
    return "fused" if added else "unfused"


def _fit_text(fit: Fit | None) -> str:
    if fit is None:
        return "1"
    if not fit.fits:
        return "none"
    below = f"{fit.below.count}: {byte_text(fit.below.needed_bytes)}"
    return f"**{fit.best.count}**: {byte_text(fit.best.needed_bytes)} ({below})"


def _sliced(plan: str, cluster: str, added: str, whole: Report) -> Report:
    """The same plan with the smallest number of micro-batches that fits."""
    if whole.fit is None:
        return whole
    return reported(plan, cluster, added=f"{added}; {whole.fit.line}")


def reference_memory(cluster: str) -> Iterator[str]:
    """One row per plan: what it needs, when a GPU is fullest, what then is alive, and what would fit."""
    yield (
        "| plan | attention | needed | fullest while | largest alive then "
        "| smallest number of micro-batches that fits (and what does not) |"
    )
    yield "| --- | --- | ---: | --- | --- | --- |"
    for added, plan in product(("", FUSE), PLANS):
        report = reported(plan, cluster, added=added)
        memory, moment = report.memory, report.memory.fullest
        cells = (
            f"`{plan}`",
            _attention(added),
            byte_text(memory.needed_bytes),
            f"{moment.does.replace('_', '-')} makes `{moment.name}`" if moment else "",
            ", ".join(map(_live, memory.peak[:SHOWN_TENSORS])),
            _fit_text(report.fit),
        )
        yield f"| {' | '.join(cells)} |"


def _live(live: Live) -> str:
    return f"`{live.name}` {byte_text(live.bytes)}"


def reference_ways() -> Iterator[str]:
    """One row per way to attend with split heads: what moves, and what the program takes."""
    yield "| way | the line | what each GPU receives in attention, per layer | in all | forward pass |"
    yield "| --- | --- | --- | ---: | ---: |"
    for added, what in WAYS.items():
        report = reported("two_level", after=SEGMENTS, added=added)
        # The output projection is reduced in every way.
        last = [c for c in report.collectives if c.layer.title == "mha"][-1]
        moves = [c for c in report.collectives if c.layer == last.layer and c is not last]
        cells = (
            what,
            f"`shard head_dim over m{added}`",
            ", ".join(map(_move, moves)),
            byte_text(sum(move.bytes_per_gpu for move in moves)),
            seconds_text(report.critical_path.picoseconds),
        )
        yield f"| {' | '.join(cells)} |"


def _move(move: Collective) -> str:
    kind = move.kind.replace("_", "-")
    return f"{kind} of `{move.value}` {byte_text(move.bytes_per_gpu)}"


def report_section(plan: str, *title: str) -> Iterator[str]:
    """A section of the report on a plan, as `helixc compile` writes it, without its heading."""
    heading = f"## {' '.join(title)}\n"
    _, found, rest = report_markdown(reported(plan)).partition(heading)
    if not found:
        raise LookupError(f"the report has no section {heading!r}")
    yield from rest.split("\n## ", 1)[0].strip().splitlines()


def fitting_command(plan: str, cluster: str) -> Iterator[str]:
    """The command that compiles a plan fused and in as many micro-batches as it takes to fit."""
    fit = reported(plan, cluster, added=FUSE).fit
    added = FUSE if fit is None else f"{FUSE}; {fit.line}"
    fitting = reported(plan, cluster, added=added)
    yield "```sh"
    yield f"sed 's/{MESH}/&{added}/' examples/helix_16.hx > fitting.hx"
    yield f"helixc compile fitting.hx --plan {plan} --cluster {cluster} -o out/fitting"
    yield "```"
    yield ""
    memory = fitting.memory
    yield (
        f"Its report: {interval_text(*_times(fitting))}, {byte_text(memory.needed_bytes)} of "
        f"{byte_text(memory.capacity_bytes)}; {'it fits' if memory.fits else 'it does not fit'}."
    )


def _times(report: Report) -> tuple[int, int, int]:
    path = report.critical_path
    return path.picoseconds, path.low, path.high
