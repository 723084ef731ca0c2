"""Edits of a plan, each really compiled: what it would take to be rid of a collective.

An announced total is the total of a program that compiles from the edited text, nothing less.
"""

from __future__ import annotations

from itertools import islice

from helixc.activity import doing
from helixc.analysis.advice import (
    Advice,
    Measure,
    Trial,
    causes_of,
    layer_names,
    measure,
    sorted_trials,
)
from helixc.analysis.collectives import find_collectives
from helixc.analysis.critical_path import find_critical_path
from helixc.analysis.edit_candidates import edit_candidates
from helixc.analysis.layers import find_layers
from helixc.analysis.plan_text import Edit, PlanText, changed_lines
from helixc.analysis.ranking import ranked
from helixc.compiler import Compilation, compile_sources
from helixc.diagnostics import HelixError
from helixc.ir.source import PlanDecl, SourceFile, Sources
from helixc.text.parser import parse_text

# Edits compiled unless a caller says otherwise: a few seconds.
MOST_EDITS = 48


def advise(compilation: Compilation, most: int = MOST_EDITS) -> Advice:
    """The edits of a program's plan and what comes of each, at most ``most`` of them."""
    before = _measured(compilation)
    located = _locate(compilation)
    if located is None or not most:
        return Advice(before=before, trials=(), tried=0, left_out=located is not None)
    path, file, plan = located
    text = dict(compilation.source.texts)[path]
    program = compilation.spmd
    timing = find_critical_path(program).timing
    collectives = ranked(find_collectives(program, find_layers(program), timing=timing))
    causes = causes_of(compilation.partitioned, program, collectives)
    edits = edit_candidates(PlanText(text, plan), causes, layer_names(program))
    chosen = tuple(islice(edits, most))
    trials: list[Trial | None] = []
    for number, edit in enumerate(chosen, start=1):
        with doing(f"edit {number} of {len(chosen)}"):
            trials.append(_try(edit, compilation, path, file, before))
    done = sorted_trials(before, [trial for trial in trials if trial is not None])
    return Advice(
        before=before, trials=done, tried=len(chosen), left_out=next(edits, None) is not None
    )


def _try(
    edit: Edit, compilation: Compilation, path: str, file: SourceFile, before: Measure
) -> Trial | None:
    """What comes of an edit; None where the edited program is refused."""
    sources = compilation.source
    text = dict(sources.texts)[path]
    edited, findings = parse_text(edit.apply(text), file.name)
    if any(finding.severity == "error" for finding in findings):
        return None
    files = tuple((p, edited if p == path else f) for p, f in sources.files)
    texts = tuple((p, edit.apply(text) if p == path else t) for p, t in sources.texts)
    try:
        compiled = compile_sources(Sources(files, texts), compilation.choice)
    except HelixError:
        return None
    after = _measured(compiled)
    return Trial(
        edit=edit,
        file=file.name,
        lines=changed_lines(text, edit),
        after=after,
        warnings=tuple(code for code in after.warnings if code not in before.warnings),
    )


def _measured(compilation: Compilation) -> Measure:
    codes = (d.code for d in compilation.diagnostics if d.severity == "warning")
    return measure(compilation.spmd, tuple(dict.fromkeys(codes)))


def _locate(compilation: Compilation) -> tuple[str, SourceFile, PlanDecl] | None:
    """The file of a program's plan, and the plan as it is written there."""
    plan = compilation.spmd.plan
    for path, file in compilation.source.files:
        for declaration in file.declarations:
            if isinstance(declaration, PlanDecl) and declaration.span == plan.span:
                return path, file, declaration
    return None
