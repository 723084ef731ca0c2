"""Level 0, what was written: names and spans, nothing resolved.

The grammar is ``grammar/helix.lark``; ``docs/language.md`` has the same in EBNF.  Every node keeps its
span outside equality, so that two texts that differ in layout only are equal here.  The nodes of
expressions and of plans have files of their own and are known by this one's name too.
"""

from __future__ import annotations

from typing import Literal

import attrs

from helixc.diagnostics import Span
from helixc.ir.source_expr import (
    Arrow,
    Binary,
    Binding,
    Call,
    Expr,
    Keyword,
    Name,
    Number,
    Unary,
    written,
)
from helixc.ir.source_plan import (
    InBlock,
    MeshLine,
    MicrobatchesLine,
    Path,
    PathsLine,
    PathStep,
    PipelineLine,
    PlanDecl,
    PlanLine,
    ShardLine,
    WordsLine,
)

# Known by this module's name too; its own names need no mention.
__all__ = [
    "Arrow",
    "Binary",
    "Binding",
    "Call",
    "Expr",
    "InBlock",
    "Keyword",
    "MeshLine",
    "MicrobatchesLine",
    "Name",
    "Number",
    "Path",
    "PathStep",
    "PathsLine",
    "PipelineLine",
    "PlanDecl",
    "PlanLine",
    "ShardLine",
    "Unary",
    "WordsLine",
]

# --- types and statements


@attrs.frozen
class TypeExpr:
    """``bf16[.., seq, embed]``: dtype "" if not written, ``rest`` where ``..`` stands."""

    dtype: Name | None
    rest: bool
    dims: tuple[Name, ...]
    span: Span = written()


@attrs.frozen
class Dims:
    """``dim a = 1, b = 2``."""

    bindings: tuple[Binding, ...]
    span: Span = written()


@attrs.frozen
class Declare:
    """``input x, y: type`` and the like."""

    kind: Literal["input", "weight", "frozen", "state"]
    names: tuple[Name, ...]
    type: TypeExpr
    span: Span = written()


@attrs.frozen
class Assign:
    """``a, b = value``."""

    targets: tuple[Name, ...]
    value: Expr
    span: Span = written()


@attrs.frozen
class RepeatStmt:
    """``repeat count as name { body }``; the name is None if not written."""

    count: Expr
    name: Name | None
    body: tuple[Stmt, ...]
    span: Span = written()


@attrs.frozen
class OutputItem:
    """``name`` or ``name = value`` in an ``output``."""

    name: Name
    value: Expr | None = None
    span: Span = written()


@attrs.frozen
class OutputStmt:
    """``output a, b = value``."""

    items: tuple[OutputItem, ...]
    span: Span = written()


@attrs.frozen
class DTypeStmt:
    """``dtype bf16``."""

    name: Name
    span: Span = written()


@attrs.frozen
class PhaseStmt:
    """``phase name { body }``; body None if not written."""

    name: Name
    body: tuple[Stmt, ...] | None
    span: Span = written()


@attrs.frozen
class ReturnStmt:
    """``return a, b``."""

    values: tuple[Expr, ...]
    span: Span = written()


@attrs.frozen
class MinimizeStmt:
    """``minimize loss with optimizer = adamw``."""

    name: Name
    options: tuple[Binding, ...]
    span: Span = written()


Stmt = (
    Dims
    | Declare
    | Assign
    | RepeatStmt
    | OutputStmt
    | DTypeStmt
    | PhaseStmt
    | ReturnStmt
    | MinimizeStmt
)


# --- declarations


@attrs.frozen
class Language:
    """``language 1``."""

    version: int
    span: Span = written()


@attrs.frozen
class Import:
    """``import a.b``."""

    path: tuple[Name, ...]
    span: Span = written()


@attrs.frozen
class Field:
    """``name = value`` in a gpu, link or cluster."""

    name: Name
    value: Expr
    span: Span = written()


@attrs.frozen
class GpuField:
    """``gpu NAME`` in a cluster."""

    name: Name
    span: Span = written()


@attrs.frozen
class LevelField:
    """``level name = size via link with options`` in a cluster."""

    name: Name
    size: Expr
    link: Name | None
    options: tuple[Binding, ...] = ()
    span: Span = written()


@attrs.frozen
class Hardware:
    """A ``gpu``, ``link`` or ``cluster`` declaration."""

    kind: Literal["gpu", "link", "cluster"]
    name: Name
    fields: tuple[Field | GpuField | LevelField, ...]
    span: Span = written()


@attrs.frozen
class Model:
    """``model name { body }``."""

    name: Name
    body: tuple[Stmt, ...]
    span: Span = written()


@attrs.frozen
class Param:
    """``name: type`` (a value) or ``name = default`` (an option)."""

    name: Name
    type: TypeExpr | None = None
    default: Expr | None = None
    span: Span = written()


@attrs.frozen
class Layer:
    """``layer name(params, over dims) -> results { body }``; results None if not written."""

    name: Name
    params: tuple[Param, ...]
    over: tuple[Name, ...]
    results: tuple[TypeExpr, ...] | None
    body: tuple[Stmt, ...]
    span: Span = written()


Decl = Language | Import | Dims | Model | Layer | PlanDecl | Hardware


@attrs.frozen
class SourceFile:
    """One file: its declarations in order."""

    name: str
    declarations: tuple[Decl, ...]


@attrs.frozen
class Sources:
    """A main file and everything it imports, by import path ("std.layers"); main is ""."""

    files: tuple[tuple[str, SourceFile], ...]
    texts: tuple[tuple[str, str], ...] = attrs.field(default=(), eq=False, repr=False)
