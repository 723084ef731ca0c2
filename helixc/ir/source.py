"""Level 0, what was written: names and spans, nothing resolved.

The grammar is ``grammar/helix.lark``; LANGUAGE.md section 2 is the same in EBNF.  Every node keeps its
span outside equality, so that two texts that differ in layout only are equal here.
"""

from __future__ import annotations

from typing import Literal

import attrs

from helixc.diagnostics import NOWHERE, Span


def _span() -> Span:
    return attrs.field(default=NOWHERE, eq=False, repr=False)


# --- expressions


@attrs.frozen
class Name:
    """A name where it was written."""

    text: str
    span: Span = _span()


@attrs.frozen
class Number:
    """A number; ``whole`` tells 2 from 2.0.  ``unit`` is the word after it, "" if none."""

    value: int | float
    unit: str = ""
    span: Span = _span()


@attrs.frozen
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Expr
    span: Span = _span()


@attrs.frozen
class Binary:
    """``left operator right``; operators as written: ``+ - * / % ** == != < <= > >= and or``."""

    operator: str
    left: Expr
    right: Expr
    span: Span = _span()


@attrs.frozen
class Keyword:
    """``name = value`` among arguments."""

    name: Name
    value: Expr
    span: Span = _span()


@attrs.frozen
class Arrow:
    """``left -> right`` among arguments: a change of dimensions."""

    left: Expr
    right: Expr
    span: Span = _span()


@attrs.frozen
class Call:
    """``function(arguments, over dims)``; an empty ``over`` was not written."""

    function: Name
    arguments: tuple[Expr | Keyword | Arrow, ...] = ()
    over: tuple[Name, ...] = ()
    span: Span = _span()


Expr = Name | Number | Unary | Binary | Call


@attrs.frozen
class Binding:
    """``name = value`` in ``dim``, ``mesh``, ``with`` and the like."""

    name: Name
    value: Expr
    span: Span = _span()


# --- types and statements


@attrs.frozen
class TypeExpr:
    """``bf16[.., seq, embed]``: dtype "" if not written, ``rest`` where ``..`` stands."""

    dtype: Name | None
    rest: bool
    dims: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class Dims:
    """``dim a = 1, b = 2``."""

    bindings: tuple[Binding, ...]
    span: Span = _span()


@attrs.frozen
class Declare:
    """``input x, y: type`` and the like."""

    kind: Literal["input", "weight", "frozen", "state"]
    names: tuple[Name, ...]
    type: TypeExpr
    span: Span = _span()


@attrs.frozen
class Assign:
    """``a, b = value``."""

    targets: tuple[Name, ...]
    value: Expr
    span: Span = _span()


@attrs.frozen
class RepeatStmt:
    """``repeat count as name { body }``; the name is None if not written."""

    count: Expr
    name: Name | None
    body: tuple[Stmt, ...]
    span: Span = _span()


@attrs.frozen
class OutputItem:
    """``name`` or ``name = value`` in an ``output``."""

    name: Name
    value: Expr | None = None
    span: Span = _span()


@attrs.frozen
class OutputStmt:
    """``output a, b = value``."""

    items: tuple[OutputItem, ...]
    span: Span = _span()


@attrs.frozen
class DTypeStmt:
    """``dtype bf16``."""

    name: Name
    span: Span = _span()


@attrs.frozen
class PhaseStmt:
    """``phase name { body }``; body None if not written."""

    name: Name
    body: tuple[Stmt, ...] | None
    span: Span = _span()


@attrs.frozen
class ReturnStmt:
    """``return a, b``."""

    values: tuple[Expr, ...]
    span: Span = _span()


@attrs.frozen
class MinimizeStmt:
    """``minimize loss with optimizer = adamw``."""

    name: Name
    options: tuple[Binding, ...]
    span: Span = _span()


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
    span: Span = _span()


@attrs.frozen
class Import:
    """``import a.b``."""

    path: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class Field:
    """``name = value`` in a gpu, link or cluster."""

    name: Name
    value: Expr
    span: Span = _span()


@attrs.frozen
class GpuField:
    """``gpu NAME`` in a cluster."""

    name: Name
    span: Span = _span()


@attrs.frozen
class LevelField:
    """``level name = size via link with options`` in a cluster."""

    name: Name
    size: Expr
    link: Name | None
    options: tuple[Binding, ...] = ()
    span: Span = _span()


@attrs.frozen
class Hardware:
    """A ``gpu``, ``link`` or ``cluster`` declaration."""

    kind: Literal["gpu", "link", "cluster"]
    name: Name
    fields: tuple[Field | GpuField | LevelField, ...]
    span: Span = _span()


@attrs.frozen
class Model:
    """``model name { body }``."""

    name: Name
    body: tuple[Stmt, ...]
    span: Span = _span()


@attrs.frozen
class Param:
    """``name: type`` (a value) or ``name = default`` (an option)."""

    name: Name
    type: TypeExpr | None = None
    default: Expr | None = None
    span: Span = _span()


@attrs.frozen
class Layer:
    """``layer name(params, over dims) -> results { body }``; results None if not written."""

    name: Name
    params: tuple[Param, ...]
    over: tuple[Name, ...]
    results: tuple[TypeExpr, ...] | None
    body: tuple[Stmt, ...]
    span: Span = _span()


# --- plans


@attrs.frozen
class PathStep:
    """``name``, ``name[i]`` or ``name[i..j]`` (both ends included, -1 is the last)."""

    name: Name
    first: int | None = None
    last: int | None = None
    span: Span = _span()


@attrs.frozen
class Path:
    """Steps joined by dots."""

    steps: tuple[PathStep, ...]
    span: Span = _span()


@attrs.frozen
class MeshLine:
    """``mesh n = 4, m = 4``."""

    axes: tuple[Binding, ...]
    span: Span = _span()


@attrs.frozen
class InBlock:
    """``in path, path { lines }``."""

    paths: tuple[Path, ...]
    lines: tuple[PlanLine, ...]
    span: Span = _span()


@attrs.frozen
class ShardLine:
    """``shard dims over axes via way``."""

    dims: tuple[Name, ...]
    axes: tuple[Name, ...]
    via: Name | None = None
    span: Span = _span()


@attrs.frozen
class WordsLine:
    """A line of a keyword, names, and perhaps ``over`` axes.

    ``replicate a, b`` · ``pad a`` · ``store weights over t`` · ``local v over m`` · ``label x`` ·
    ``strict`` · ``keep weights`` · ``partial over m``.
    """

    keyword: Literal["replicate", "pad", "store", "local", "label", "strict", "keep", "partial"]
    names: tuple[Name, ...] = ()
    axes: tuple[Name, ...] = ()
    span: Span = _span()


@attrs.frozen
class PipelineLine:
    """``pipeline layer over p with schedule = gpipe``."""

    name: Name | None
    axes: tuple[Name, ...]
    options: tuple[Binding, ...] = ()
    span: Span = _span()


@attrs.frozen
class MicrobatchesLine:
    """``microbatches 8 over batch``."""

    count: Expr
    dims: tuple[Name, ...]
    span: Span = _span()


@attrs.frozen
class PathsLine:
    """``fuse attend`` or ``recompute layer``."""

    keyword: Literal["fuse", "recompute"]
    paths: tuple[Path, ...]
    span: Span = _span()


PlanLine = MeshLine | InBlock | ShardLine | WordsLine | PipelineLine | MicrobatchesLine | PathsLine


@attrs.frozen
class PlanDecl:
    """``plan name for model.phase, ... on cluster { lines }``."""

    name: Name
    models: tuple[Path, ...]
    cluster: Name | None
    lines: tuple[PlanLine, ...]
    span: Span = _span()


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
