"""What the options choose: the plan that is meant, and the times that go before the constants."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import click

from helixc.cli.gemm_times import gemm_times
from helixc.cli.options import Chosen
from helixc.compiler import plan_names
from helixc.elaborate.choice import Choice
from helixc.ir.source import Sources

_TWO = 2


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


def two_choices(
    sources: Sources, plans: Sequence[str], clusters: Sequence[str], shared: Chosen
) -> tuple[Choice, Choice]:
    """Two plans on one cluster or each on its own, or one plan on two clusters.

    Without names: the two plans of the file, if it has just two.
    """
    names = tuple(plans)
    if not names and len(clusters) != _TWO:
        names = plan_names(sources, shared.model)
    if len(names) > _TWO or len(clusters) > _TWO or (len(names) < _TWO and len(clusters) < _TWO):
        listed = "\n".join(f"  {name}" for name in plan_names(sources, shared.model))
        message = "Name two plans with --plan, or one plan and two clusters with --cluster."
        raise click.UsageError(f"{message} Plans of the file:\n{listed}")
    choice = one_plan(sources, shared) if not names else choice_of(shared)
    return (
        attrs.evolve(choice, plan=names[0] if names else None, cluster=_at(clusters, 0)),
        attrs.evolve(choice, plan=names[-1] if names else None, cluster=_at(clusters, -1)),
    )


def _at(names: Sequence[str], index: int) -> str | None:
    return names[index] if names else None
