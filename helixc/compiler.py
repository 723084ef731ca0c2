"""The compiler as one call: a file and a choice in, the program at every level out.

Everything up to the program for all GPUs is computed at once, because that is where mistakes are found
and it takes milliseconds.  Tasks per GPU, drawings and the report are computed when asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path

import attrs

from helixc.activity import doing
from helixc.choice.outlook import look_ahead
from helixc.compilation import Checked, Compilation, as_level, run_stages, texts_of
from helixc.diagnostics import Diagnostic, Findings, HelixError
from helixc.elaborate.choice import Choice, make_choice
from helixc.elaborate.elaborate import check_models
from helixc.elaborate.open_choices import open_choices
from helixc.ir.hardware import GetTime
from helixc.ir.logical import Logical
from helixc.ir.source import PlanDecl, Sources
from helixc.ir.spmd import Spmd
from helixc.passes.contract import AnyPass, Observer, ignore
from helixc.pipeline import to_logical, to_spmd
from helixc.render import render_text
from helixc.text.loader import load_path, load_text


def compile(
    path: str | PathLike[str],
    *,
    plan: str | None = None,
    cluster: str | None = None,
    model: str | None = None,
    phase: str | None = None,
    settings: Mapping[str, int] | None = None,
    gemm_times: GetTime | None = None,
) -> Compilation:
    """Compile a ``.hx`` file; a name left out means the only one there is.

    ``settings`` override dimensions.  ``gemm_times(m, k, n, batch, dtype)`` gives the seconds of a matrix
    product, or None where the hardware's constants shall.  Raises ``HelixError`` with everything that was
    found.
    """
    choice = make_choice(model, plan, cluster, settings, phase)
    with explained():
        return compile_sources(load_path(Path(path)), attrs.evolve(choice, gemm_times=gemm_times))


def compile_text(
    text: str,
    *,
    name: str = "input.hx",
    plan: str | None = None,
    cluster: str | None = None,
    model: str | None = None,
    phase: str | None = None,
    settings: Mapping[str, int] | None = None,
) -> Compilation:
    """Compile a program given as text; findings speak of it by ``name``.  Else as ``compile``."""
    choice = make_choice(model, plan, cluster, settings, phase)
    with explained():
        return compile_sources(load_text(text, name), choice)


@contextmanager
def explained() -> Generator[None]:
    """Tracebacks of what is raised within end with the findings as people read them."""
    try:
        yield
    except HelixError as error:
        error.add_note(render_text(error.diagnostics, error.sources).rstrip())
        raise


def check(
    path: str | PathLike[str],
    *,
    plan: str | None = None,
    cluster: str | None = None,
    model: str | None = None,
    phase: str | None = None,
    settings: Mapping[str, int] | None = None,
) -> Checked:
    """Check the models and every plan of a file (or the plan named); raises nothing."""
    try:
        sources = load_path(Path(path))
    except HelixError as error:
        return Checked(diagnostics=error.diagnostics, plans=(), texts=error.sources)
    return check_sources(sources, make_choice(model, plan, cluster, settings, phase))


def check_sources(sources: Sources, choice: Choice) -> Checked:
    """As ``check``, for sources that are loaded already."""
    return _check_plans(sources, choice, partial(_look_over, sources))


def compile_plans(
    sources: Sources, choice: Choice, *, verify_each: bool = False
) -> tuple[Checked, tuple[Compilation, ...]]:
    """Compile every plan (or the one named): all that was found, and the plans without errors."""
    compiled: list[Compilation] = []

    def look(chosen: Choice) -> tuple[Diagnostic, ...]:
        compiled.append(compile_sources(sources, chosen, verify_each=verify_each))
        return compiled[-1].diagnostics

    return _check_plans(sources, choice, look), tuple(compiled)


def _check_plans(
    sources: Sources, choice: Choice, look: Callable[[Choice], Iterable[Diagnostic]]
) -> Checked:
    """What is wrong with the models, and what a look at each plan finds."""
    findings = Findings()
    wrong: set[str | None] = set()
    if choice.plan is None:
        findings.extend(_check_models(sources, choice))
    plans = (choice.plan,) if choice.plan else plan_names(sources, choice.model)
    for one in open_choices(sources, plans, choice):
        try:
            with doing(one.named):
                findings.extend(look(one))
        except HelixError as error:
            findings.extend(error.diagnostics)
            wrong.add(one.plan)
    sound = tuple(plan for plan in plans if plan not in wrong)
    return Checked(diagnostics=findings.all, plans=sound, texts=texts_of(sources))


def _look_over(sources: Sources, choice: Choice) -> tuple[Diagnostic, ...]:
    """What compiling a choice finds; it is partitioned only where that can find any more."""
    findings = Findings()
    stages = [as_level(Logical, program) for _, program in lower(sources, to_logical(choice))]
    for program in stages:
        findings.extend(program.notes)
    if look_ahead(stages[-1], findings):
        return findings.all
    return compile_sources(sources, choice).diagnostics


def _check_models(sources: Sources, choice: Choice) -> tuple[Diagnostic, ...]:
    """What is wrong with the models and the hardware of a file, whether a plan uses them or not."""
    try:
        return check_models(sources, choice)
    except HelixError as error:
        return error.diagnostics


def compile_sources(
    sources: Sources, choice: Choice, observe: Observer = ignore, *, verify_each: bool = False
) -> Compilation:
    """Compile one choice of sources that are loaded already; ``observe`` sees the result of each pass."""
    stages = lower(sources, to_spmd(choice), observe, verify_each=verify_each)
    typed = tuple((name, as_level((Logical, Spmd), program)) for name, program in stages)
    return Compilation(source=sources, choice=choice, stages=typed)


def lower(
    sources: Sources,
    passes: Sequence[AnyPass],
    observe: Observer = ignore,
    *,
    verify_each: bool = False,
) -> tuple[tuple[str, object], ...]:
    """The results of some passes, by name and in order; errors carry the texts they speak of."""
    try:
        return run_stages(passes, sources, frozenset(), observe, verify_each=verify_each)
    except HelixError as error:
        raise HelixError(error.diagnostics, texts_of(sources)) from error


def plan_names(sources: Sources, model: str | None = None) -> tuple[str, ...]:
    """The plans of the main file in the order of the source, of one model or of all."""
    main = dict(sources.files)[""]
    return tuple(
        declaration.name.text
        for declaration in main.declarations
        if isinstance(declaration, PlanDecl)
        and (model is None or any(p.steps[0].name.text == model for p in declaration.models))
    )
