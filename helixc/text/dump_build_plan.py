"""From what the rules of a dump matched to plan, mesh, and the findings that travel with a program."""

from __future__ import annotations

from helixc.diagnostics import NOWHERE, Diagnostic, Note, Severity, Span
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.plan import (
    Approximation,
    Block,
    DimRef,
    Fuse,
    KeepWeights,
    Label,
    Line,
    Local,
    Microbatches,
    Pad,
    PartialOver,
    Place,
    Plan,
    Replicate,
    Shard,
    Slices,
    Store,
    Strict,
)
from helixc.text.dump_build_header import DimText, HeaderBuilder, leaves_of, present, whole_number
from helixc.text.dump_words import Word, read_name, read_value


class PlanBuilder(HeaderBuilder):
    """One method for each rule about the plan; each takes the pieces that the rule matched."""

    # --- plan, mesh and findings

    def axis(self, name: str, size: Word) -> Axis:
        """``n = 4``."""
        return Axis(name, int(size))

    def axes(self, *axes: Axis | None) -> tuple[Axis, ...]:
        """``[n = 4, m = 4]``."""
        return present(axes)

    def atom(self, name: str, size: Word, axis: str) -> Atom:
        """``n.0 = 2 of n``."""
        return Atom(name, axis, int(size))

    def mesh(self, axes: tuple[Axis, ...], *atoms: Atom | None) -> Mesh:
        """The mesh with its atoms."""
        return Mesh(axes=axes, atoms=present(atoms))

    def plan(self, name: str, axes: tuple[Axis, ...], *blocks: Block) -> Plan:
        """``plan a mesh [n = 4]`` and its blocks."""
        return Plan(name=name, axes=axes, blocks=blocks)

    def block(
        self,
        number: Word,
        parent: Word | None,
        path: str | None,
        places: tuple[Place, ...],
        *lines: Line,
    ) -> Block:
        """``block 1 in 0 for mha at [@2] { ... }``."""
        return Block(places, lines, whole_number(parent, -1), path or "", number.span)

    def shard(self, dims: tuple[DimText, ...], axes: tuple[str, ...], via: str | None) -> Shard:
        """``shard [a] over [n]``."""
        return Shard(_dim_refs(dims), axes, via or "")

    def pad(self, dims: tuple[DimText, ...]) -> Pad:
        """``pad [a]``."""
        return Pad(_dim_refs(dims))

    def replicate_all(self) -> Replicate:
        """``replicate all``."""
        return Replicate()

    def replicate(self, dims: tuple[DimText, ...]) -> Replicate:
        """``replicate [a]``."""
        return Replicate(_dim_refs(dims))

    def store(self, axes: tuple[str, ...]) -> Store:
        """``store weights over [n]``."""
        return Store(axes)

    def local(self, name: str, places: tuple[Place, ...], axes: tuple[str, ...]) -> Local:
        """``local a at [@2.a] over [n]``."""
        return Local(name, places, axes)

    def partial_over(self, axes: tuple[str, ...]) -> PartialOver:
        """``partial over [n]``."""
        return PartialOver(axes)

    def strict(self) -> Strict:
        """``strict``."""
        return Strict()

    def keep_weights(self) -> KeepWeights:
        """``keep weights``."""
        return KeepWeights()

    def label(self, name: str) -> Label:
        """``label a``."""
        return Label(name)

    def microbatches(self, count: Word, dim: DimText) -> Microbatches:
        """``microbatches 8 over a``."""
        (ref,) = _dim_refs((dim,))
        return Microbatches(int(count), ref)

    def slices(
        self, name: str | None, count: Word | None, leaves: tuple[str, ...] | None
    ) -> Slices | None:
        """``sliced a in 8 along [a]``; None where nothing is sliced."""
        if name is None or count is None or leaves is None:
            return None
        return Slices(name, leaves, int(count), count.span)

    def fuse(self, path: str, places: tuple[Place, ...]) -> Fuse:
        """``fuse attend at [@5]``."""
        return Fuse(path, places)

    def approximation(self, value: Word, dim: str, segment: str, inner: str) -> Approximation:
        """``approximate %a d = s * i``."""
        return Approximation(read_value(value), dim, segment, inner, value.span)

    def approximations(self, *made: Approximation) -> tuple[Approximation, ...]:
        """All approximations."""
        return made

    def severity(self, word: Word) -> str:
        """``error``, ``warning`` or ``note``."""
        return str(word)

    def where(self, file: Word, line: Word, column: Word, end_line: Word, end_column: Word) -> Span:
        """``at "file" 1:2 .. 1:5``."""
        return Span(read_name(file), int(line), int(column), int(end_line), int(end_column))

    def remark(self, message: Word, where: Span | None) -> Note:
        """``remark "text"``."""
        return Note(read_name(message), where or NOWHERE)

    def note(
        self,
        code: str,
        severity: Severity,
        message: Word,
        where: Span | None,
        legal: tuple[str, ...] | None,
        *remarks: Note,
    ) -> Diagnostic:
        """``note HX0601 warning "text"``."""
        span = where or NOWHERE
        return Diagnostic(code, read_name(message), span, severity, remarks, legal or ())

    def notes(self, *notes: Diagnostic) -> tuple[Diagnostic, ...]:
        """All findings that travel with the program."""
        return notes


def _dim_refs(dims: tuple[DimText, ...]) -> tuple[DimRef, ...]:
    return tuple(DimRef(name, leaves_of(name, leaves)) for name, leaves in dims)
