"""``dim`` statements, and the sizes that a user sets instead of what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.diagnostics import NOWHERE, Findings, Note
from helixc.elaborate.declarations import Declarations, Located
from helixc.elaborate.dimensions import Dimension
from helixc.elaborate.environment import LATER, Environment
from helixc.elaborate.sizes import size
from helixc.elaborate.walks import nodes, statements
from helixc.ir import source
from helixc.limits import MAX_SIZE
from helixc.spelling import did_you_mean


@attrs.frozen
class Settings:
    """Sizes by name, for what files and models declare and for what layers declare.

    A name that a file or the model declares is set there alone, so that no layer changes with it.
    """

    models: Mapping[str, int]
    layers: Mapping[str, int]


def read_settings(
    given: tuple[tuple[str, int], ...],
    declarations: Declarations,
    models: tuple[Located, ...],
    findings: Findings,
) -> Settings:
    """Sort what a user set by where it is declared; unknown names and illegal sizes are findings."""
    if not given:
        return Settings({}, {})
    outside = {*_file_dims(declarations), *_dims_of(models)}
    layers = [one for path in declarations.files for one in declarations.own("layer", path)]
    inside = set(_dims_of(tuple(layers)))
    # A setting stands in no file; the first model is where one would look.
    where = models[0].declaration.name.span if models else NOWHERE
    for name, count in given:
        if name not in outside | inside:
            legal = sorted(outside | inside)
            message = f"no dimension `{name}` to set{did_you_mean(name, legal)}"
            findings.error("HX0215", message, where, legal=legal)
        elif not 0 <= count < MAX_SIZE:
            message = f"`{name}` cannot be {count}; a size is at least 0 and below 2^53"
            findings.error("HX0305", message, where)
    legal = {name: count for name, count in given if 0 <= count < MAX_SIZE}
    return Settings(
        {name: count for name, count in legal.items() if name in outside},
        {name: count for name, count in legal.items() if name not in outside},
    )


def _file_dims(declarations: Declarations) -> Iterator[str]:
    for file in declarations.files.values():
        for declaration in file.declarations:
            if isinstance(declaration, source.Dims):
                yield from (binding.name.text for binding in declaration.bindings)


def _dims_of(located: tuple[Located, ...]) -> Iterator[str]:
    """The names of all dimensions that models or layers declare, repeats included."""
    for one in located:
        if isinstance(one.declaration, source.PlanDecl):
            continue
        for statement in statements(one.declaration.body):
            if isinstance(statement, source.Dims):
                yield from (binding.name.text for binding in statement.bindings)


def declare_dims(statement: source.Dims, env: Environment, settings: Mapping[str, int]) -> None:
    """Elaborate ``dim a = 1, b = 2``: each from earlier ones, unless the call or a setting says so."""
    for binding in statement.bindings:
        name = binding.name
        if name.text in env.bound:
            continue
        known = env.dims.get(name.text)
        if known is not None:
            notes = [Note("first declared here", known.span)]
            message = f"dimension `{name.text}` is declared twice"
            env.findings.error("HX0205", message, name.span, notes=notes)
            continue
        count: int | None = None
        if name.text in settings:
            count = settings[name.text]
        elif _speaks_too_early(binding, env):
            pass
        else:
            count = size(binding.value, env, env.findings)
        env.declare_dim(name, None if count is None else Dimension(name.text, count, name.span))


def _speaks_too_early(binding: source.Binding, env: Environment) -> bool:
    """Whether a size is computed from one that is declared below, which is a finding."""
    for node in nodes((binding.value,)):
        if isinstance(node, source.Name) and node.text not in env:
            notes = env.made_later(node)
            if notes:
                message = f"no number `{node.text}` here{LATER}"
                env.findings.error("HX0406", message, node.span, notes=notes)
                return True
    return False
