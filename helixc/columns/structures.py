"""Plans of a file that differ in the order of their mesh axes alone: they are evaluated together."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.ir.source import MeshLine, PlanDecl, Sources

# For each of some plans, by name, its mesh axes as it writes them, outermost first.
Orders = dict[str, tuple[str, ...]]


def structures(sources: Sources, plans: Iterable[str]) -> list[Orders]:
    """These plans, those together that say the same but for the order of their axes.

    A plan that is not of the main file is alone, without axes.
    """
    main = dict(sources.files)[""]
    declared = {d.name.text: d for d in main.declarations if isinstance(d, PlanDecl)}
    found: dict[PlanDecl | str, Orders] = {}
    for name in plans:
        plan = declared.get(name)
        key = name if plan is None else _without_order(plan)
        found.setdefault(key, {})[name] = () if plan is None else _axes(plan)
    return list(found.values())


def _axes(plan: PlanDecl) -> tuple[str, ...]:
    lines = [line for line in plan.lines if isinstance(line, MeshLine)]
    return tuple(binding.name.text for line in lines for binding in line.axes)


def _without_order(plan: PlanDecl) -> PlanDecl:
    """What a plan says, without its name, its axes sorted by theirs."""
    lines = tuple(
        attrs.evolve(line, axes=tuple(sorted(line.axes, key=lambda axis: axis.name.text)))
        if isinstance(line, MeshLine)
        else line
        for line in plan.lines
    )
    return attrs.evolve(plan, name=attrs.evolve(plan.name, text=""), lines=lines)
