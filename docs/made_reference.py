"""Blocks about the reference case: its plans on two clusters, fused and not, and the ways to attend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from docs.made_commands import printed
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
# A plan that the published analysis does not think of.
BATCHES = """plan batches for helix on two_nodes {
  mesh dp = gpus
  shard batch over dp
}"""
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
    """The report on one plan of the case, with something added after the lines that match."""
    compiled = compile_text(edited(after, added), name=EXAMPLE.name, plan=plan, cluster=cluster)
    return build_report(compiled.spmd, fit=find_fit(compiled.logical, compiled.spmd))


def edited(after: str, added: str) -> str:
    """The example and one more plan, with something added after the lines that match."""
    lines = f"{EXAMPLE.read_text(encoding='utf-8')}\n{BATCHES}\n".split("\n")
    return "\n".join(re.sub(after, lambda found: found.group() + added, line) for line in lines)


def sizes() -> Iterator[str]:
    """The sizes of the model and of the GPUs, from the program."""
    report = reported("megatron")
    dims = ", ".join(f"`{dim.name}` {count_text(dim.size)}" for dim in report.dims)
    yield f"{report.layers[0].layer.turns} layers; {dims}; {report.gpus} GPUs `{report.cluster.gpu.name}`."


def reference_costs(cluster: str, *plans: str) -> Iterator[str]:
    """One row per plan (all that the example has if none is named), without fused attention and with it."""
    yield (
        "| plan | attention | one forward pass | MFU | exposed communication | received per GPU "
        "| in micro-batches that fit |"
    )
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    for added, plan in product(("", FUSE), plans or PLANS):
        report = reported(plan, cluster, added=added)
        path, sliced = report.critical_path, _sliced(plan, cluster, added, report)
        share = 100 * path.exposed_picoseconds / path.picoseconds
        cells = (
            f"`{plan}`",
            _attention(added),
            _time(report),
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


def reference_memory(cluster: str, *plans: str) -> Iterator[str]:
    """One row per plan, as for costs: what it needs, when a GPU is fullest, what then is alive, and what would fit."""
    yield (
        "| plan | attention | needed | fullest while | largest alive then "
        "| smallest number of micro-batches that fits (and what does not) |"
    )
    yield "| --- | --- | ---: | --- | --- | --- |"
    for added, plan in product(("", FUSE), plans or PLANS):
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
    """The commands that compile a plan fused and in as many micro-batches as it takes, and what comes out."""
    added = _fitting(plan, cluster)
    report = reported(plan, cluster, added=added)
    yield "```sh"
    yield f"sed 's/{MESH}/&{added}/' examples/helix_16.hx > fitting.hx"
    yield f"helixc compile fitting.hx --plan {plan} --cluster {cluster} -o out/fitting"
    yield "```"
    yield ""
    yield f"Its report: {_time(report)}, {_memory(report)}."


def _fitting(plan: str, cluster: str) -> str:
    fit = reported(plan, cluster, added=FUSE).fit
    return FUSE if fit is None else f"{FUSE}; {fit.line}"


def fitting_edit(plan: str, cluster: str) -> Iterator[str]:
    """What `helixc explain` says of that program before it comes to single collectives."""
    words = ("explain", "fitting.hx", "--plan", plan, "--cluster", cluster)
    with TemporaryDirectory() as folder:
        path = Path(folder, "fitting.hx")
        path.write_text(edited(MESH, _fitting(plan, cluster)), encoding="utf-8", newline="\n")
        lines = printed(path.parent, *words)
    yield "```text"
    yield f"$ helixc {' '.join(words)}"
    yield from lines[: lines.index("")]
    yield "..."
    yield "```"


def other_plan() -> Iterator[str]:
    """The plan that splits the batch and nothing else."""
    yield "```"
    yield BATCHES
    yield "```"


def reference_summary() -> Iterator[str]:
    """What the page finds, in a few numbers."""
    yield _summary("`published` as it stands, which is another model", reported("published"))
    yield _summary("`two_level`, the same splits computed exactly", reported("two_level"))
    for plan in ("megatron_sp", "batches"):
        report = reported(plan, added=_fitting(plan, "two_nodes"))
        slices = f", in {report.slices.count} micro-batches" if report.slices else ""
        yield _summary(f"`{plan}`, fused{slices}", report)


def _summary(what: str, report: Report) -> str:
    return f"* {what}: **{_time(report)}**; {_memory(report)}"


def _time(report: Report) -> str:
    path = report.critical_path
    return interval_text(path.picoseconds, path.low, path.high)


def _memory(report: Report) -> str:
    memory = report.memory
    of = f"{byte_text(memory.needed_bytes)} of the {byte_text(memory.capacity_bytes)} of a GPU"
    return of if memory.fits else f"{of}, which does not fit"
