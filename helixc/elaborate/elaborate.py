"""Source to logical: a model made concrete, with the plan and the cluster that a choice names.

Decided: nothing is dropped here.  An operator whose result nobody reads stays, so that what the source
says is what every later level is held against.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.diagnostics import CompilerBug, Diagnostic, Findings
from helixc.elaborate.builder import Builder
from helixc.elaborate.choice import Choice
from helixc.elaborate.declarations import Declarations
from helixc.elaborate.finish import finish
from helixc.elaborate.hardware import Catalogue
from helixc.elaborate.later import refuse_all
from helixc.elaborate.meshes import read_mesh
from helixc.elaborate.models import Program, build_model, open_program
from helixc.elaborate.phases import check_phases, full_name, phase_names
from helixc.elaborate.places import Places
from helixc.elaborate.plans import resolve_plan
from helixc.elaborate.selection import Selection, Selector
from helixc.elaborate.settings import read_settings
from helixc.elaborate.shared_weights import check_shared
from helixc.elaborate.users_times import trusted
from helixc.ir import source
from helixc.ir.logical import Logical
from helixc.ir.tensor import Dim


def elaborate(sources: source.Sources, choice: Choice) -> tuple[Logical, tuple[Diagnostic, ...]]:
    """The logical level of a choice, and warnings.  Raises ``HelixError`` with all errors found."""
    findings = Findings()
    texts = _texts(sources)
    program = _open(sources, choice.settings, findings)
    catalogue = Catalogue(sources, findings, program.environments)
    catalogue.check()
    selection = Selector(program.declarations, catalogue, findings).select(choice)
    builder = _build(selection, program)
    findings.stop_on_errors(texts)
    logical = _timed(_assemble(selection, builder, findings), choice)
    findings.stop_on_errors(texts)
    return logical, findings.all


def _timed(program: Logical, choice: Choice) -> Logical:
    """The program on a cluster that knows the user's own times of matrix products."""
    if choice.gemm_times is None:
        return program
    gpu = attrs.evolve(program.cluster.gpu, get_time=trusted(choice.gemm_times))
    return attrs.evolve(program, cluster=attrs.evolve(program.cluster, gpu=gpu))


@attrs.frozen
class Written:
    """What the text of a model says of sizes, products of dimensions not taken apart.

    ``sizes``: every ``dim`` of the file and of the model; those that are only counts have some, too.
    ``dims``: of each value of the program its dimensions, in order.
    """

    sizes: Mapping[str, int]
    dims: Mapping[str, tuple[Dim, ...]]


def read_written(sources: source.Sources, choice: Choice) -> Written:
    """The sizes and dimensions of a choice.  Raises ``HelixError`` with all errors found."""
    findings = Findings()
    program = _open(sources, choice.settings, findings)
    catalogue = Catalogue(sources, findings, program.environments)
    builder = _build(Selector(program.declarations, catalogue, findings).select(choice), program)
    findings.stop_on_errors(_texts(sources))
    declared = {**program.files.own[""], **builder.scopes[0].dims}
    return Written(
        sizes={name: dim.size for name, dim in declared.items() if dim is not None},
        dims={
            name: tuple(Dim(dim.name, dim.size) for dim in value.dims)
            for value, name in finish(builder).values.items()
        },
    )


def check_models(sources: source.Sources, choice: Choice) -> tuple[Diagnostic, ...]:
    """Elaborate every model of the main file without a plan, and read its hardware; warnings.

    Raises ``HelixError`` with all errors found; that the chosen model is not there is one.
    """
    findings = Findings()
    program = _open(sources, choice.settings, findings)
    catalogue = Catalogue(sources, findings, program.environments)
    catalogue.check()
    Selector(program.declarations, catalogue, findings).chosen_model(choice)
    for model in program.declarations.own("model", ""):
        names = () if model.model is None else phase_names(model.model)
        built = {phase: build_model(model, phase, None, program) for phase in names}
        if built and not findings.errors:
            check_shared(built, findings)
    findings.stop_on_errors(_texts(sources))
    return findings.all


def _texts(sources: source.Sources) -> dict[str, str]:
    """The texts by the file names that stand in spans."""
    texts = dict(sources.texts)
    return {file.name: texts[path] for path, file in sources.files if path in texts}


def _open(
    sources: source.Sources, settings: tuple[tuple[str, int], ...], findings: Findings
) -> Program:
    declarations = Declarations(sources, findings)
    models = tuple(one for path in declarations.files for one in declarations.own("model", path))
    refuse_all("", declarations, findings)
    for model in models:
        if model.model is not None:
            check_phases(model.model, findings)
    sizes = read_settings(settings, declarations, models, findings)
    return open_program(declarations, sizes, findings)


def _build(selection: Selection, program: Program) -> Builder:
    """The chosen model; the mesh of a plan is read too, so that its mistakes are not left for later."""
    plan = selection.plan and selection.plan.plan
    if plan is not None and selection.cluster is not None:
        read_mesh(plan, selection.cluster, program.findings)
    if selection.model is None:
        return Builder(program.findings)
    return build_model(selection.model, selection.phase, plan, program)


def _assemble(selection: Selection, builder: Builder, findings: Findings) -> Logical:
    plan = selection.plan and selection.plan.plan
    model = selection.model and selection.model.model
    cluster = selection.cluster
    if plan is None or model is None or cluster is None:
        message = "a choice without a finding lacks its plan, its model or its cluster"
        raise CompilerBug(message)
    done = finish(builder)
    sizes = {dim.name: dim.size for dim in done.dims}
    places = Places(done.scopes, done.body, sizes, {output.value for output in done.outputs})
    return Logical(
        name=full_name(model, selection.phase),
        dims=done.dims,
        scopes=done.scopes,
        body=done.body,
        outputs=done.outputs,
        plan=resolve_plan(plan, places, cluster, findings),
        cluster=cluster,
    )
