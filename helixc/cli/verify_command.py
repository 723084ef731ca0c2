"""``helixc verify``: run the partitioned program on simulated GPUs and compare it with the model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import click

from helixc.activity import doing
from helixc.cli.chosen import choice_of
from helixc.cli.findings import show_error, show_json, show_sarif, show_text
from helixc.cli.inputs import load
from helixc.cli.options import FINDINGS_FORMAT, Chosen, Command, choice_options
from helixc.cli.status import BUG, DONE
from helixc.cli.terminal import say
from helixc.compiler import Compilation, compile_plans, compile_sources
from helixc.diagnostics import CompilerBug, HelixError
from helixc.interp.verdict import OutputDifference, VerifyReport
from helixc.proving import verify


@click.command("verify", cls=Command)
@click.argument("file")
@choice_options
@click.option(
    "--full", is_flag=True, help="Run at the sizes written, not at the least faithful ones."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, help="Which random numbers to run on."
)
@click.option(
    "--against",
    metavar="MODULE:FUNCTION",
    help="Compare your own PyTorch model with the model instead; its code runs in this process.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    help="With --against: how far outputs may be apart, relative to their largest number.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    metavar="SECONDS",
    help="With --against: how long the function may take.",
)
@FINDINGS_FORMAT
def command(
    file: str, *, chosen: Chosen, full: bool, seed: int, output_format: str, **other: Any
) -> int:
    """Prove every plan of FILE (or the one named) by running it; `-` is standard input."""
    sources, choice = load(file), choice_of(chosen)
    as_json = output_format == "json"
    if other["against"] is not None and output_format == "sarif":
        raise click.UsageError("--against has no findings to tell as sarif.")
    if other["against"] is not None:
        from helixc.cli.against import Against, compare_with

        given = {name: value for name, value in other.items() if value is not None}
        return compare_with(
            sources, choice, Against(full=full, seed=seed, **given), as_json=as_json
        )
    checked, compiled = compile_plans(sources, choice)
    if not checked.ok:
        return show_error(HelixError(checked.diagnostics, checked.texts), output_format)
    # Without any plan there is nothing to prove, and compiling says so.
    plans = compiled or (compile_sources(sources, choice),)
    reports = [_proved_aloud(plan, full=full, seed=seed) for plan in plans]
    if as_json:
        objects = [report.to_json() for report in reports]
        show_json(objects[0] if len(objects) == 1 else objects)
    elif output_format == "sarif":
        verdicts = [{"plan": report.plan, "verdict": report.verdict} for report in reports]
        show_sarif(checked.diagnostics, {"verdicts": verdicts})
    else:
        show_text(checked.diagnostics, checked.texts)
        for report in reports:
            for line in lines(report):
                say(line)
    return BUG if any(report.verdict == "differs" for report in reports) else DONE


def _proved_aloud(compilation: Compilation, *, full: bool, seed: int) -> VerifyReport:
    with doing(f"proving plan {compilation.spmd.plan.name}"):
        return verify(compilation, full=full, seed=seed)


def proved(compilation: Compilation) -> VerifyReport:
    """The verdict where a program that differs is a bug and nothing else."""
    report = verify(compilation)
    if report.verdict == "differs":
        raise CompilerBug(
            f"plan {report.plan} does not compute what the model says {report.reason}"
        )
    return report


def summary(report: VerifyReport) -> Iterator[str]:
    """The verdict, and what people must know of it."""
    yield report.headline
    if report.reason:
        yield f"  {report.reason}"
    for found in report.approximations:
        yield f"  `local {found.value}`: the program computes {found.statement}"
        yield f"  at `{found.measured_at}` its relative error is {found.relative:.3g}"


def lines(report: VerifyReport) -> Iterator[str]:
    """A verdict with all that it rests on."""
    yield from summary(report)
    for output in report.outputs:
        yield f"  against the model: {_difference(output)}"
    for output in report.rewritten:
        yield f"  against the model so rewritten: {_difference(output)}"
    if not report.replicas_equal:
        yield "  GPUs that should hold the same value do not"
    if report.passes:
        yield f"  after {', '.join(f'{step.name} {step.verdict}' for step in report.passes)}"
    partly = [f"{p.unbounded} of {p.values} after {p.name}" for p in report.passes if p.unbounded]
    if partly:
        yield f"  values judged in part, because rounding may tip a comparison: {', '.join(partly)}"
    sizes = ", ".join(f"{name} {size}" for name, size in report.instance)
    yield f"  run with {sizes}; {report.arithmetic}, seed {report.seed}"
    if report.slices > 1:
        yield f"  in {report.slices} slices, one after the other, against the model on everything"
    if report.shrunk_axes:
        yield f"  on a smaller mesh: fewer GPUs along {', '.join(report.shrunk_axes)}"


def _difference(output: OutputDifference) -> str:
    off = (
        f"`{output.name}` differs by at most {output.max_abs:.3g} (relative {output.relative:.3g})"
    )
    if math.isfinite(output.tolerance):
        return f"{off}; rounding explains {output.tolerance:.3g}"
    return (
        f"{off}; rounding may tip a comparison on the way, so nothing bounds the sum of it, "
        "and what is judged is each step alone, within its own rounding"
    )
