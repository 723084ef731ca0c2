"""What the options choose: the plan that is meant, and the times that go before the constants."""

from __future__ import annotations

import click

from helixc.cli.gemm_times import gemm_times
from helixc.cli.options import Chosen
from helixc.compiler import plan_names
from helixc.elaborate.choice import Choice
from helixc.ir.source import Sources


def choice_of(chosen: Chosen) -> Choice:
    """What the options say, as the compiler takes it."""
    return Choice(
        model=chosen.model,
        plan=chosen.plan,
        cluster=chosen.cluster,
        settings=chosen.settings,
        gemm_times=gemm_times(chosen.gemm_times),
    )


def one_plan(sources: Sources, chosen: Chosen) -> Choice:
    """The choice of one plan: the one named, or the only one there is."""
    if chosen.plan is None:
        names = plan_names(sources, chosen.model)
        if len(names) > 1:
            listed = "\n".join(f"  {name}" for name in names)
            raise click.UsageError(f"The file has several plans; choose one with --plan:\n{listed}")
    return choice_of(chosen)
