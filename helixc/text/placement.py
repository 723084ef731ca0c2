"""Which statements stand where they must not, though each by itself is well written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from helixc.diagnostics import Diagnostic
from helixc.ir.source import (
    Assign,
    Decl,
    Declare,
    Dims,
    DTypeStmt,
    GpuField,
    Hardware,
    InBlock,
    Language,
    Layer,
    LevelField,
    MeshLine,
    MinimizeStmt,
    Model,
    OutputStmt,
    PhaseStmt,
    PlanDecl,
    PlanLine,
    RepeatStmt,
    ReturnStmt,
    Stmt,
)
from helixc.text.words import misplaced

LANGUAGE_VERSION = 1
"""The newest version of the language that this compiler knows."""

_ALLOWED = {
    "model": frozenset("dim input weight frozen state assign repeat output dtype phase".split()),
    "layer": frozenset("dim weight frozen state assign repeat return".split()),
    "repeat": frozenset("dim weight frozen state assign repeat".split()),
    "phase": frozenset("dim minimize".split()),
}
_WORDS: Mapping[type[Stmt], str] = {
    Dims: "dim",
    Assign: "assign",
    RepeatStmt: "repeat",
    OutputStmt: "output",
    DTypeStmt: "dtype",
    PhaseStmt: "phase",
    ReturnStmt: "return",
    MinimizeStmt: "minimize",
}


def misplacements(declarations: Iterable[Decl]) -> Iterator[Diagnostic]:
    """An error for each statement that does not belong where it stands."""
    for position, declaration in enumerate(declarations):
        match declaration:
            case Language():
                yield from _language(declaration, position)
            case Model():
                yield from _statements(declaration.body, "model")
            case Layer():
                yield from _statements(declaration.body, "layer")
            case PlanDecl():
                for line in declaration.lines:
                    yield from _line(line)
            case Hardware():
                yield from _fields(declaration)
            case _:
                pass


def _language(language: Language, position: int) -> Iterator[Diagnostic]:
    if position > 0:
        message = "`language` must be the first declaration of its file"
        yield Diagnostic("HX0108", message, language.span)
    if language.version > LANGUAGE_VERSION:
        message = f"language {language.version} is newer than this compiler, which knows"
        yield Diagnostic("HX0010", f"{message} language {LANGUAGE_VERSION}", language.span)


def _statements(body: Iterable[Stmt], block: str) -> Iterator[Diagnostic]:
    for statement in body:
        word = _word(statement)
        if word not in _ALLOWED[block]:
            yield Diagnostic("HX0108", misplaced(word, block), statement.span)
        if isinstance(statement, RepeatStmt):
            yield from _statements(statement.body, "repeat")
        if isinstance(statement, PhaseStmt):
            yield from _phase(statement.body or ())


def _phase(body: Iterable[Stmt]) -> Iterator[Diagnostic]:
    for statement in body:
        if isinstance(statement, Assign):
            message = "a phase changes sizes with `dim`; values belong in the model"
            yield Diagnostic("HX0108", message, statement.span)
        else:
            yield from _statements((statement,), "phase")


def _word(statement: Stmt) -> str:
    """The word that begins a statement; "assign" for one that begins with a name."""
    return statement.kind if isinstance(statement, Declare) else _WORDS[type(statement)]


def _line(line: PlanLine) -> Iterator[Diagnostic]:
    if not isinstance(line, InBlock):
        return
    for inner in line.lines:
        if isinstance(inner, MeshLine):
            yield Diagnostic("HX0108", misplaced("mesh", "in"), inner.span)
        yield from _line(inner)


def _fields(hardware: Hardware) -> Iterator[Diagnostic]:
    for field in hardware.fields:
        if isinstance(field, GpuField | LevelField) and hardware.kind != "cluster":
            word = "gpu" if isinstance(field, GpuField) else "level"
            yield Diagnostic("HX0108", misplaced(word, hardware.kind), field.span)
