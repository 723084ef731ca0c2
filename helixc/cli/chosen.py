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
        phase=chosen.phase,
        settings=chosen.settings,
        gemm_times=gemm_times(chosen.gemm_times),
    )


def one_plan(sources: Sources, chosen: Chosen) -> Choice:
    """The choice of one plan: the one named, or the only one there is."""
    if chosen.plan is None:
        names = plan_names(sources, chosen.model)
        if len(names) > 1:
            listed = ", ".join(names)
            raise click.UsageError(f"The file has several plans; choose one with --plan: {listed}.")
    return choice_of(chosen)


@attrs.frozen
class Pairs:
    """What a comparison is asked for: of each kind two names, one for both sides, or none."""

    plans: tuple[str, ...]
    clusters: tuple[str, ...]
    phases: tuple[str, ...]


def two_choices(sources: Sources, pairs: Pairs, shared: Chosen) -> tuple[Choice, Choice]:
    """Two plans on one cluster or each on its own, or one plan on two clusters or in two phases.

    Without names: the two plans of the file, if it has just two.
    """
    names, others = pairs.plans, (pairs.clusters, pairs.phases)
    told_apart = any(len(other) == _TWO for other in others)
    if not names and not told_apart:
        names = plan_names(sources, shared.model)
    too_many = any(len(given) > _TWO for given in (names, *others))
    if too_many or (len(names) < _TWO and not told_apart):
        listed = ", ".join(plan_names(sources, shared.model))
        message = "Name two plans with --plan, or one plan and two clusters with --cluster or two phases with --phase."
        raise click.UsageError(f"{message} Plans of the file: {listed}.")
    choice = choice_of(shared) if names else one_plan(sources, shared)
    return _side(choice, names, others, 0), _side(choice, names, others, -1)


def _side(
    choice: Choice, plans: Sequence[str], others: tuple[Sequence[str], Sequence[str]], index: int
) -> Choice:
    cluster, phase = (_at(names, index) for names in others)
    return attrs.evolve(choice, plan=_at(plans, index), cluster=cluster, phase=phase)


def _at(names: Sequence[str], index: int) -> str | None:
    return names[index] if names else None
