"""Phases: one more elaboration of the same model, at other sizes.

The sizes of a phase take the place of the model's own where those are declared, so that whatever the
model computes from them follows.  A model without phases has one, ``forward``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.walks import statements
from helixc.ir import source
from helixc.ir.logical import FORWARD
from helixc.spelling import did_you_mean


def written_phases(model: source.Model) -> tuple[source.PhaseStmt, ...]:
    """The phases that a model declares, in order; a second one of a name is left out."""
    named: dict[str, source.PhaseStmt] = {}
    for statement in model.body:
        if isinstance(statement, source.PhaseStmt):
            named.setdefault(statement.name.text, statement)
    return tuple(named.values())


def phase_names(model: source.Model) -> tuple[str, ...]:
    """The phases that a model has."""
    return tuple(phase.name.text for phase in written_phases(model)) or (FORWARD,)


def served_phases(plan: source.PlanDecl | None, model: source.Model) -> tuple[str, ...]:
    """The phases of a model that a plan (or any) is for, in the model's order: all, unless it names some."""
    every = phase_names(model)
    if plan is None:
        return every
    paths = [path.steps for path in plan.models if path.steps[0].name.text == model.name.text]
    named = {steps[1].name.text for steps in paths if len(steps) > 1}
    whole = any(len(steps) == 1 for steps in paths)
    return tuple(name for name in every if whole or name in named)


def full_name(model: source.Model, phase: str) -> str:
    """What the program of a phase is called: ``model.phase``, or ``model`` where no phase is written."""
    return f"{model.name.text}.{phase}" if written_phases(model) else model.name.text


def in_phase(model: source.Model, phase: str) -> source.Model:
    """The model at the sizes of one of its phases, without any phase."""
    chosen = next((one for one in written_phases(model) if one.name.text == phase), None)
    sizes = {} if chosen is None else {b.name.text: b.value for b in _bindings(chosen)}
    body = (one for one in model.body if not isinstance(one, source.PhaseStmt))
    return attrs.evolve(model, body=tuple(_at(one, sizes) for one in body))


def _at(statement: source.Stmt, sizes: Mapping[str, source.Expr]) -> source.Stmt:
    """A statement with sizes in the place of those that it declares."""
    if isinstance(statement, source.RepeatStmt):
        return attrs.evolve(statement, body=tuple(_at(one, sizes) for one in statement.body))
    if not isinstance(statement, source.Dims):
        return statement
    bindings = (attrs.evolve(b, value=sizes.get(b.name.text, b.value)) for b in statement.bindings)
    return attrs.evolve(statement, bindings=tuple(bindings))


def _bindings(phase: source.PhaseStmt) -> Iterator[source.Binding]:
    for statement in phase.body or ():
        if isinstance(statement, source.Dims):
            yield from statement.bindings


def check_phases(model: source.Model, findings: Findings) -> None:
    """Find what is wrong with a model's phases themselves: names used twice, sizes of nothing."""
    kept = written_phases(model)
    for statement in model.body:
        if not isinstance(statement, source.PhaseStmt):
            continue
        first = next(one for one in kept if one.name.text == statement.name.text)
        if first is not statement:
            _twice("phase", statement.name, first.name, findings)
        _check_sizes(statement, model, findings)


def _check_sizes(phase: source.PhaseStmt, model: source.Model, findings: Findings) -> None:
    own = (s for s in statements(in_phase(model, "").body) if isinstance(s, source.Dims))
    legal = tuple(dict.fromkeys(b.name.text for s in own for b in s.bindings))
    known: dict[str, source.Name] = {}
    for binding in _bindings(phase):
        name = binding.name
        if name.text in known:
            _twice("dimension", name, known[name.text], findings)
        elif name.text not in legal:
            message = f"`{model.name.text}` declares no dimension `{name.text}` that "
            message += f"`{phase.name.text}` could change{did_you_mean(name.text, legal)}"
            findings.error("HX0202", message, name.span, legal=legal)
        known.setdefault(name.text, name)


def _twice(what: str, name: source.Name, first: source.Name, findings: Findings) -> None:
    note = Note("first declared here", first.span)
    findings.error("HX0205", f"{what} `{name.text}` is declared twice", name.span, notes=[note])
