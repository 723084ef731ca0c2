"""``helixc run``: a plan as processes of this machine, checked against the model."""

from __future__ import annotations

from collections.abc import Iterator
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
from helixc.pytorch.module import module_text
from helixc.running.capacity import check_capacity
from helixc.running.case import RunCase, run_case, sized
from helixc.running.launch import Launch, find_torch, launch, processes_text
from helixc.running.outcome import Outcome, outcome

_SHOWN = 40


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
@click.option("--steps", type=click.IntRange(1, 1000), default=1)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of inputs and weights.")
@click.option("--timeout", type=click.FloatRange(1, 86400), default=600.0, metavar="SECONDS")
@FORMAT
def command(
    file: str, *, chosen: Chosen, nproc: int | None, output_format: str, **options: Any
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
    check_capacity(programs, options["dtype"])
    find_torch()
    how = Launch(
        processes=processes,
        device=options["device"],
        dtype=options["dtype"],
        steps=options["steps"],
        seconds=options["timeout"],
    )
    with doing("running the model"):
        case = run_case(programs, seed=options["seed"])
    with doing("running the processes"):
        finished = launch(module_text(case.program, timed=True), case.inputs, case.weights, how)
    found = outcome(case, finished, options["dtype"], compilation.spmd)
    if output_format == "json":
        show_json({"schema": "helixc.run/1", "equal": found.equal, **attrs.asdict(found)})
    else:
        show_text(compilation.diagnostics, compilation.texts)
        for line in _lines(case, found):
            say(line)
    return DONE if found.equal else FINDINGS


def _lines(case: RunCase, found: Outcome) -> Iterator[str]:
    program = case.program
    verdict = "equal" if found.equal else "differs"
    if found.equal and found.approximate:
        verdict = "equal to the model as rewritten; the original differs"
    yield f"plan {program.plan.name} on {processes_text(program.mesh.devices)}: {verdict}"
    if case.fewer:
        yield f"  on a smaller mesh: fewer GPUs along {', '.join(case.fewer)}"
    for output in found.outputs:
        if found.approximate:
            yield f"  `{output.name}` is off by {output.exact:.3g} from the original model"
        yield (
            f"  `{output.name}` is off by {output.expected:.3g} from what the plan computes, "
            f"{output.replicas:.3g} between processes; {found.tolerance:g} is rounding"
        )
    if found.times:
        yield "  seconds: on the slowest process here; predicted for the cluster of the plan, as written"
        yield f"  {'measured':>10} {'predicted':>10}  runs  statement"
    for row in found.times[:_SHOWN]:
        yield f"  {row.measured:10.3g} {row.predicted:10.3g} {row.runs:5}  {row.name} ({row.what})"
    if len(found.times) > _SHOWN:
        yield f"  ... and {len(found.times) - _SHOWN} more; --format json has all"
