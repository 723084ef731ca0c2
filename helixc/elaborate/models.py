"""A model, elaborated: the parts that call each other are put together here."""

from __future__ import annotations

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.annotations import dtype_of
from helixc.elaborate.appends import check_in_place
from helixc.elaborate.application import Results
from helixc.elaborate.builder import Builder, Stop
from helixc.elaborate.declarations import Declarations, Located
from helixc.elaborate.drafts import DraftScope
from helixc.elaborate.environment import Environment, FileDims
from helixc.elaborate.expressions import Expressions
from helixc.elaborate.layers import Layers
from helixc.elaborate.phases import in_phase
from helixc.elaborate.repeats import Repeats
from helixc.elaborate.settings import Settings, declare_dims
from helixc.elaborate.statements import Statements
from helixc.elaborate.stored import StoredValues
from helixc.elaborate.uses import Uses
from helixc.ir import source


@attrs.frozen
class Program:
    """The files of a program: what they declare, their dimensions, what the user set."""

    declarations: Declarations
    files: FileDims
    environments: dict[str, Environment]
    settings: Settings
    findings: Findings


def open_program(declarations: Declarations, settings: Settings, findings: Findings) -> Program:
    """Elaborate the dimensions that files declare, imported files first."""
    files = FileDims(declarations, findings)
    environments: dict[str, Environment] = {}
    for path in _imports_first(declarations):
        env = Environment(path or "this file", path, files, DraftScope(-1, "model", path))
        environments[path] = env
        files.own[path] = env.dims
        for declaration in declarations.files[path].declarations:
            if isinstance(declaration, source.Dims):
                declare_dims(declaration, env, settings.models)
    return Program(declarations, files, environments, settings, findings)


def _imports_first(declarations: Declarations) -> tuple[str, ...]:
    """The files in an order in which each comes after those that it imports."""
    ordered: dict[str, None] = {}
    entered: set[str] = set()
    pending = [*reversed(declarations.files)]
    while pending:
        path = pending[-1]
        waiting = [p for p in declarations.imports[path] if p not in entered]
        entered.add(path)
        if waiting:
            pending += reversed(waiting)
        else:
            ordered[pending.pop()] = None
    return tuple(ordered)


def build_model(
    model: Located, phase: str, plan: source.PlanDecl | None, program: Program
) -> Builder:
    """Elaborate a phase of a model; ``plan`` may tell turns of a repeat apart.  Mistakes are findings."""
    builder = Builder(program.findings)
    if model.model is None:
        return builder
    declaration = in_phase(model.model, phase)
    scope = DraftScope(-1, "model", declaration.name.text, span=declaration.span)
    env = Environment(declaration.name.text, model.file, program.files, scope)
    builder.add_scope(scope)
    builder.dtype = _default_dtype(declaration, env)
    try:
        _Parts(builder, program, plan).statements.run(declaration.body, env)
    except Stop:
        return builder
    check_in_place(builder.body, builder.outputs, program.findings)
    if not any(isinstance(statement, source.OutputStmt) for statement in declaration.body):
        last = next((name for name in reversed(env.value_names()) if name != "_"), "y")
        message = f"`{declaration.name.text}` has no `output`, so it computes nothing; "
        message += f"it ends as in `output {last}`"
        program.findings.error("HX0217", message, declaration.name.span)
    return builder


def _default_dtype(model: source.Model, env: Environment) -> str:
    """The dtype of what says none: what ``dtype`` sets, else bf16."""
    found = [statement for statement in model.body if isinstance(statement, source.DTypeStmt)]
    for second in found[1:]:
        note = Note("first set here", found[0].span)
        env.findings.error("HX0205", "`dtype` is set twice", second.span, notes=[note])
    name = found[0].name if found else None
    return dtype_of(name, Builder(env.findings).dtype, env) or "bf16"


class _Parts:
    """Expressions call layers, layers run statements, statements hold expressions and repeats."""

    def __init__(self, builder: Builder, program: Program, plan: source.PlanDecl | None) -> None:
        self.expressions = Expressions(builder, program.declarations, self._inline)
        self.statements = Statements(
            builder, self.expressions, self._repeat, program.settings, StoredValues(builder)
        )
        run = self.statements.run
        self.layers = Layers(builder, Uses(program.declarations), self.expressions, run)
        self.repeats = Repeats(builder, run, plan)

    def _inline(self, layer: Located, call: source.Call, caller: Environment) -> Results:
        return self.layers.inline(layer, call, caller)

    def _repeat(
        self, statement: source.RepeatStmt, rest: tuple[source.Stmt, ...], env: Environment
    ) -> None:
        self.repeats.repeat(statement, rest, env)
