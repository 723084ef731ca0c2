"""``helixc run``: a plan as processes of this machine, checked against the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import click

from helixc.activity import doing
from helixc.cli.chosen import one_plan
from helixc.cli.findings import show_json, show_text
from helixc.cli.inputs import load
from helixc.cli.options import FORMAT, Chosen, Command, choice_options
from helixc.cli.status import DONE, FINDINGS
from helixc.cli.terminal import say
from helixc.compiler import compile_sources
from helixc.diagnostics import Diagnostic, HelixError
from helixc.emit.files import write_file_in
from helixc.emit.measured_trace import measured_trace
from helixc.ir.spmd import Spmd
from helixc.pytorch.module import module_text
from helixc.running.capacity import check_capacity
from helixc.running.case import RunCase, Sized, check_steps, run_case, sized
from helixc.running.launch import Finished, Launch, find_torch, launch, processes_text
from helixc.running.outcome import Outcome, StatementTime, outcome

_SHOWN = 40
_TRACE = "measured_trace.json"


@click.command("run", cls=Command)
@click.argument("file")
@choice_options
@click.option("--backend", type=click.Choice(["torch"]), default="torch", help="The engine.")
@click.option(
    "--nproc", type=click.IntRange(min=1), help="How many processes you expect it to take."
)
@click.option("--shrink", is_flag=True, help="Run at the least faithful sizes.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu")
@click.option("--dtype", type=click.Choice(["f64", "f32", "bf16"]), default="f64")
@click.option(
    "--steps",
    type=click.IntRange(1, 1000),
    default=1,
    help="How many; what is kept goes from one to the next, and the last is the one that is written.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of inputs and weights.")
@click.option("--timeout", type=click.FloatRange(1, 86400), default=600.0, metavar="SECONDS")
@click.option("-o", "--output", metavar="DIR", help=f"A folder for the timeline, `{_TRACE}`.")
@FORMAT
def command(
    file: str,
    *,
    chosen: Chosen,
    nproc: int | None,
    output: str | None,
    output_format: str,
    **options: Any,
) -> int:
    """Run one plan of FILE with one process per GPU of its mesh, and compare it with the model."""
    sources = load(file)
    choice = one_plan(sources, chosen)
    with doing("compiling"):
        compilation = compile_sources(sources, choice)
    programs = sized(compilation, small=options["shrink"])
    processes = programs.program.mesh.devices
    if nproc is not None and nproc != processes:
        message = (
            f"plan {compilation.spmd.plan.name} runs on {processes_text(processes)}, not on {nproc}"
        )
        raise HelixError([Diagnostic("HX1104", message, legal=(f"--nproc {processes}",))])
    check_steps(programs, options["steps"])
    check_capacity(programs, options["dtype"])
    find_torch()
    case, finished = _run(programs, options)
    found = outcome(case, finished, options["dtype"], compilation.spmd)
    files = _traced(case, finished, compilation.spmd, output, options["device"])
    if output_format == "json":
        facts = {"schema": "helixc.run/1", "equal": found.equal, **attrs.asdict(found)}
        show_json({**facts, "files": files})
    else:
        show_text(compilation.diagnostics, compilation.texts)
        for line in (*_lines(case, found), *files):
            say(line)
    return DONE if found.equal else FINDINGS


def _run(programs: Sized, options: Mapping[str, Any]) -> tuple[RunCase, Finished]:
    how = Launch(
        processes=programs.program.mesh.devices,
        device=options["device"],
        dtype=options["dtype"],
        steps=options["steps"],
        seconds=options["timeout"],
    )
    with doing("running the model"):
        case = run_case(programs, seed=options["seed"], steps=options["steps"])
    with doing("running the processes"):
        text = module_text(case.program, case.advance, timed=True)
        return case, launch(text, case.inputs, case.weights, how)


def _traced(
    case: RunCase, finished: Finished, written: Spmd, output: str | None, device: str
) -> list[str]:
    """Write the timeline of the last step, if a folder is given for it; the files written."""
    if output is None:
        return []
    where = (
        f"on {processes_text(case.program.mesh.devices)} of this machine, device {device}; each one's times are "
        "by its own clock, since all left a barrier before the step"
    )
    trace = measured_trace(case.program, written, finished.together, where)
    return [write_file_in(Path(output), _TRACE, trace.chunks).as_posix()]


def _lines(case: RunCase, found: Outcome) -> Iterator[str]:
    program = case.program
    verdict = "equal" if found.equal else "differs"
    if found.equal and found.approximate:
        verdict = "equal to the model as rewritten; the original differs"
    yield f"plan {program.plan.name} on {processes_text(program.mesh.devices)}: {verdict}"
    if case.fewer:
        yield f"  on a smaller mesh: fewer GPUs along {', '.join(case.fewer)}"
    for output in found.outputs:
        name = f"`{output.name}`"
        if case.steps > 1:
            name += f" of step {output.step}"
        if found.approximate:
            yield f"  {name} is off by {output.exact:.3g} from the original model"
        yield (
            f"  {name} is off by {output.expected:.3g} from what the plan computes, "
            f"{output.replicas:.3g} between processes; {found.tolerance:g} is rounding"
        )
    if found.seconds is not None:
        yield (
            f"  a step took {found.seconds:.3g} s here; predicted for the cluster of the plan, at the "
            f"sizes written: {found.predicted_seconds:.3g} s"
        )
    yield from _times(found.times)


def _times(times: Sequence[StatementTime]) -> Iterator[str]:
    """A table of what takes time, the longest in a step first."""
    rows = [row for row in times if row.ratio is not None]
    rows.sort(key=lambda row: -row.measured * row.runs)
    if rows:
        yield "  seconds of one run, on the slowest process, one statement after the other:"
        yield f"  {'measured':>10} {'predicted':>10} {'ratio':>9}   runs  statement"
    for row in rows[:_SHOWN]:
        times_text = f"{row.measured:10.3g} {row.predicted:10.3g} {row.ratio:9.3g}"
        yield f"  {times_text} {row.runs:6}  {row.name} ({row.what})"
    if len(rows) > _SHOWN:
        yield f"  ... and {len(rows) - _SHOWN} more; --format json has all"
