"""What a choice leaves open: every plan that it could mean, in every phase that the plan is for."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.diagnostics import Findings
from helixc.elaborate.choice import Choice
from helixc.elaborate.declarations import Declarations
from helixc.elaborate.phases import served_phases
from helixc.ir import source


def open_choices(sources: source.Sources, plans: Iterable[str], choice: Choice) -> list[Choice]:
    """A choice once for each of some plans and each phase that the plan is for.

    Where a phase is chosen that none of the plans is for, it remains as it is, for compiling it says so.
    """
    declarations = Declarations(sources, Findings())
    found = [
        attrs.evolve(choice, plan=plan, phase=phase)
        for plan in plans
        for phase in _phases(declarations, plan, choice)
    ]
    fitting = [one for one in found if choice.phase in (None, one.phase)]
    return fitting or ([choice] if found else [])


def _phases(declarations: Declarations, plan: str, choice: Choice) -> tuple[str | None, ...]:
    """The phases to compile a plan in; the chosen one where compiling says what is wrong."""
    for located in declarations.find("plan", plan, ""):
        paths = () if located.plan is None else located.plan.models
        names = tuple(dict.fromkeys(path.steps[0].name.text for path in paths))
        for name in names if choice.model is None else (choice.model,):
            for found in declarations.find("model", name, located.file):
                if found.model is not None and (len(names) == 1 or choice.model is not None):
                    return served_phases(located.plan, found.model) or (choice.phase,)
    return (choice.phase,)
