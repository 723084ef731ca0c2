"""Level 0, plans: the lines as they are written, no name looked up."""

from __future__ import annotations

from typing import Literal

import attrs

from helixc.diagnostics import Span
from helixc.ir.source_expr import Binding, Expr, Name, written


@attrs.frozen
class PathStep:
    """``name``, ``name[i]`` or ``name[i..j]`` (both ends included, -1 is the last)."""

    name: Name
    first: int | None = None
    last: int | None = None
    span: Span = written()


@attrs.frozen
class Path:
    """Steps joined by dots."""

    steps: tuple[PathStep, ...]
    span: Span = written()


@attrs.frozen
class MeshLine:
    """``mesh n = 4, m = 4``."""

    axes: tuple[Binding, ...]
    span: Span = written()


@attrs.frozen
class InBlock:
    """``in path, path { lines }``."""

    paths: tuple[Path, ...]
    lines: tuple[PlanLine, ...]
    span: Span = written()


@attrs.frozen
class ShardLine:
    """``shard dims over axes via way``."""

    dims: tuple[Name, ...]
    axes: tuple[Name, ...]
    via: Name | None = None
    span: Span = written()


@attrs.frozen
class WordsLine:
    """A line of a keyword, names, and perhaps ``over`` axes.

    ``replicate a, b`` · ``pad a`` · ``store weights over t`` · ``local v over m`` · ``label x`` ·
    ``strict`` · ``keep weights`` · ``partial over m``.
    """

    keyword: Literal["replicate", "pad", "store", "local", "label", "strict", "keep", "partial"]
    names: tuple[Name, ...] = ()
    axes: tuple[Name, ...] = ()
    span: Span = written()


@attrs.frozen
class PipelineLine:
    """``pipeline layer over p with schedule = gpipe``."""

    name: Name | None
    axes: tuple[Name, ...]
    options: tuple[Binding, ...] = ()
    span: Span = written()


@attrs.frozen
class MicrobatchesLine:
    """``microbatches 8 over batch``."""

    count: Expr
    dims: tuple[Name, ...]
    span: Span = written()


@attrs.frozen
class PathsLine:
    """``fuse attend`` or ``recompute layer``."""

    keyword: Literal["fuse", "recompute"]
    paths: tuple[Path, ...]
    span: Span = written()


PlanLine = MeshLine | InBlock | ShardLine | WordsLine | PipelineLine | MicrobatchesLine | PathsLine


@attrs.frozen
class PlanDecl:
    """``plan name for model.phase, ... on cluster { lines }``."""

    name: Name
    models: tuple[Path, ...]
    cluster: Name | None
    lines: tuple[PlanLine, ...]
    span: Span = written()
