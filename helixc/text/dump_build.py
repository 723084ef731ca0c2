"""From what the rules of a dump matched to programs of the logical and the SPMD level."""

from __future__ import annotations

from typing import Any

import attrs

from helixc.diagnostics import Diagnostic
from helixc.ir.hardware import Cluster
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
)
from helixc.ir.logical import Logical, Output, Scope
from helixc.ir.mesh import Mesh
from helixc.ir.plan import Approximation, Plan, Slices
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Reshard, Spmd, SpmdStatement, Why
from helixc.ir.tensor import Dim
from helixc.text.dump_build_header import between, present
from helixc.text.dump_build_ops import OpBuilder
from helixc.text.dump_words import Word, read_name, read_value

# What a rule hands to the rule around it where it is no value of the IR itself.
Source = tuple[str, Step]


@attrs.frozen
class Header:
    """What programs of both levels begin with."""

    name: str
    dims: tuple[Dim, ...]
    scopes: tuple[Scope, ...]
    cluster: Cluster
    plan: Plan
    approximations: tuple[Approximation, ...]
    slices: Slices | None
    notes: tuple[Diagnostic, ...]


@attrs.frozen
class Cost:
    """``costs 12 ps by ring``."""

    picoseconds: int
    algorithm: str


class DumpBuilder(OpBuilder):
    """One method for each rule of the grammar; each takes the pieces that the rule matched."""

    # --- programs

    def header(self, *parts: Any) -> Header:
        """What both levels begin with."""
        return Header(*parts)

    def logical(self, _version: Word, header: Header, *rest: Any) -> Logical:
        """A program of the logical level."""
        *body, outputs = rest
        return Logical(
            name=header.name,
            dims=header.dims,
            scopes=header.scopes,
            body=tuple(body),
            outputs=outputs,
            plan=header.plan,
            cluster=header.cluster,
            approximations=header.approximations,
            slices=header.slices,
            notes=header.notes,
        )

    def spmd(self, _version: Word, header: Header, mesh: Mesh, *rest: Any) -> Spmd:
        """A program of the SPMD level."""
        return self.program(header, mesh, *rest)

    def program(self, header: Header, mesh: Mesh, *rest: Any) -> Spmd:
        """What stands after the line that names the level."""
        *body, outputs = rest
        return Spmd(
            name=header.name,
            dims=header.dims,
            scopes=header.scopes,
            mesh=mesh,
            body=tuple(body),
            outputs=outputs,
            plan=header.plan,
            cluster=header.cluster,
            notes=header.notes,
            approximations=header.approximations,
            slices=header.slices,
        )

    def output(self, name: str, value: Word) -> Output:
        """``output y = %x``."""
        return Output(name, read_value(value), value.span)

    def outputs(self, *outputs: Output) -> tuple[Output, ...]:
        """All outputs."""
        return outputs

    # --- statements

    def compute(self, result: Word, kind: str, *rest: Any) -> Compute:
        """An operation with a layout and a way."""
        *operation, layout, way, scope, names = rest
        op = self.operation(result, kind, *operation, scope, names)
        return Compute(op=op, way=way, layout=layout)

    def loop(
        self, trips: Word, around: str | None, scope: Word, *rest: LoopValue | SpmdStatement
    ) -> Loop:
        """A repeat of the SPMD level."""
        return Loop(
            trips=int(trips),
            carried=tuple(item for item in rest if isinstance(item, LoopValue)),
            body=tuple(item for item in rest if not isinstance(item, LoopValue)),
            scope=int(scope),
            around=around or "",
            span=between(trips, scope),
        )

    def loop_carried(self, *rest: Any) -> LoopValue:
        """The same with a layout."""
        *words, type_, layout, names = rest
        entry, init, yields, result = (read_value(word) for word in words)
        return LoopValue(
            entry=entry,
            init=init,
            yields=yields,
            result=result,
            type=type_,
            layout=layout,
            names=names or (),
        )

    # --- layouts, ways and steps

    def product(self, *names: str | None) -> tuple[str, ...]:
        """``a*b``."""
        return present(names)

    def split(
        self, dim: str, atoms: tuple[str, ...], places: Word | None
    ) -> tuple[str, tuple[str, ...], int]:
        """``a: n*m``, or ``a: n*m + 1``: turned by one place."""
        return dim, atoms, 0 if places is None else int(places)

    def held(self, kind: str, atoms: tuple[str, ...]) -> Layout:
        """``partial sum over m``."""
        return Layout((), atoms, kind)

    def layout(self, *parts: Any) -> Layout:
        """``{a: n | partial sum over m}``."""
        *found, held = parts
        partial = held or Layout()
        splits = present(tuple(found))
        turned = tuple((dim, places) for dim, _, places in splits if places)
        split = tuple((dim, atoms) for dim, atoms, _ in splits)
        return Layout(split, partial.partial, partial.kind, turned)

    def way(self, *assignments: tuple[str, str] | None) -> tuple[tuple[str, str], ...]:
        """``by [n = a]``."""
        return present(assignments)

    def assignment(self, atom: str, target: str) -> tuple[str, str]:
        """``n = a``."""
        return atom, target

    def all(self, word: Word) -> Word:
        """``all``."""
        return word

    def passing(self, which: Word) -> str:
        """``partial 0`` or ``partial all``."""
        return f"partial {which}"

    def slice(self, source: Word, dim: str, atoms: tuple[str, ...]) -> Source:
        """``slice %x a over n``."""
        return read_value(source), Slice(dim, atoms)

    def all_gather(self, source: Word, dim: str, atoms: tuple[str, ...]) -> Source:
        """``all_gather %x a over n``."""
        return read_value(source), AllGather(dim, atoms)

    def reduce_scatter(self, source: Word, dim: str, atoms: tuple[str, ...]) -> Source:
        """``reduce_scatter %x a over n``."""
        return read_value(source), ReduceScatter(dim, atoms)

    def all_reduce(self, source: Word, atoms: tuple[str, ...]) -> Source:
        """``all_reduce %x over n``."""
        return read_value(source), AllReduce(atoms)

    def all_to_all(self, source: Word, old: str, new: str, atoms: tuple[str, ...]) -> Source:
        """``all_to_all %x a -> b over n``."""
        return read_value(source), AllToAll(old, new, atoms)

    def permute(self, source: Word, layout: Layout) -> Source:
        """``permute %x to {a: n}``."""
        return read_value(source), Permute(layout)

    def seed(self, source: Word, atoms: tuple[str, ...]) -> Source:
        """``seed %x over n``."""
        return read_value(source), Seed(atoms)

    def why(self, value: Word, reader: Word | None, text: Word) -> Why:
        """``because %x for %y "text"``."""
        name = "" if reader is None else read_value(reader)
        return Why(value=read_value(value), reader=name, text=read_name(text))

    def cost(self, picoseconds: Word, algorithm: str | None) -> Cost:
        """``costs 12 ps by ring``."""
        return Cost(int(picoseconds), algorithm or "")

    def reshard(self, result: Word, source: Word, *rest: Any) -> Reshard:
        """``%y = reshard %x : ...``."""
        freely, type_, layout, scope, names, why = rest
        return Reshard(
            result=read_value(result),
            source=read_value(source),
            type=type_,
            layout=layout,
            scope=int(scope),
            names=names or (),
            why=attrs.evolve(why, line=between(result, source)),
            freely=freely or (),
        )

    def move(self, result: Word, step: Source, *rest: Any) -> Move:
        """``%y = all_gather %x ... : ...``."""
        type_, layout, scope, names, why, cost = rest
        return Move(
            result=read_value(result),
            source=step[0],
            step=step[1],
            type=type_,
            layout=layout,
            scope=int(scope),
            names=names or (),
            why=attrs.evolve(why, line=between(result, scope)),
            picoseconds=cost.picoseconds,
            algorithm=cost.algorithm,
        )
