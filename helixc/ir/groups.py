"""Which operators of a program a ``fuse`` line speaks of, one group for each kernel that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from helixc.diagnostics import Span
from helixc.ir.logical import Logical, Op, Repeat, Statement, ancestors
from helixc.ir.ops import OPS
from helixc.ir.plan import Fuse, Place


@attrs.frozen(eq=False)
class Reader:
    """Who reads a value: ``value`` is what an operator makes of it, "" where it leaves a body."""

    value: str
    what: str
    span: Span


@attrs.frozen(eq=False)
class Group:
    """Operators that a line wants in one kernel, in program order, those that no result needs left out.

    ``results``: those of them that are read outside, or the last ones if none is.  ``bodies``: in how
    many bodies they stand.
    """

    ops: tuple[Op, ...]
    results: tuple[Op, ...]
    bodies: int


class Groups:
    """Looks up the groups of lines in one program."""

    def __init__(self, program: Logical) -> None:
        self._scopes = program.scopes
        self._body_of: dict[str, int] = {}
        self._ops: list[Op] = []
        self._readers: dict[str, list[Reader]] = {}
        self._bodies = 0
        self._visit(program.body)
        for output in program.outputs:
            self._note(output.value, Reader("", f"the output `{output.name}`", output.span))
        self._by_place: dict[Place, list[Op]] = {}
        for op in self._ops:
            for place in {*op.names, *map(Place, ancestors(self._scopes, op.scope))}:
                self._by_place.setdefault(place, []).append(op)

    def _visit(self, body: tuple[Statement, ...]) -> None:
        number, self._bodies = self._bodies, self._bodies + 1
        for statement in body:
            if isinstance(statement, Repeat):
                for value in statement.carried:
                    self._note(value.init, Reader("", "a repeat", statement.span))
                    self._note(value.yields, Reader("", "the next turn", statement.span))
                self._visit(statement.body)
                continue
            for operand in statement.reads:
                reader = Reader(statement.result, f"`{name_of(statement)}`", statement.span)
                self._note(operand, reader)
            if OPS[statement.kind].work != "source":
                self._ops.append(statement)
                self._body_of[statement.result] = number

    def _note(self, value: str, reader: Reader) -> None:
        self._readers.setdefault(value, []).append(reader)

    def of_line(self, line: Fuse) -> tuple[Group, ...]:
        """The groups of a line that hold anything: one for each layer, one for the values of a call."""
        layers = [self._by_place.get(place, []) for place in line.places if not place.name]
        values = [self._between(places) for places in self._calls(line)]
        inside = {op.result for ops in layers for op in ops}
        values = [ops for ops in values if not inside.issuperset(op.result for op in ops)]
        return tuple(group for ops in (*layers, *values) if (group := self.group(ops)).ops)

    def of_layer(self, scope: int) -> Group:
        """The operators of one call."""
        return self.group(self._by_place.get(Place(scope), []))

    def group(self, ops: Sequence[Op]) -> Group:
        """Some operators as a group."""
        inside = {op.result for op in ops}
        read = [op for op in ops if any(self.outside(op, inside))]
        results = read or [op for op in ops if not self._readers.get(op.result)]
        needed = {op.result for op in results}
        for op in reversed(ops):
            if op.result in needed:
                needed.update(op.reads)
        kept = tuple(op for op in ops if op.result in needed)
        return Group(kept, tuple(results), len({self._body_of[op.result] for op in kept}))

    def outside(self, op: Op, inside: Iterable[str]) -> Iterator[Reader]:
        """Who reads an operator's result besides these operators."""
        return (r for r in self._readers.get(op.result, ()) if r.value not in inside)

    def _calls(self, line: Fuse) -> Iterator[list[Place]]:
        """The values that a line names, those together that lie in one call that has all of the names."""
        named = [place for place in line.places if place.name]
        around = {place: tuple(ancestors(self._scopes, place.scope)) for place in named}
        held: dict[int, set[str]] = {}
        for place in named:
            for scope in around[place]:
                held.setdefault(scope, set()).add(place.name)
        names = {place.name for place in named}
        calls: dict[int, list[Place]] = {}
        for place in named:
            whole = next(scope for scope in around[place] if held[scope] == names)
            calls.setdefault(whole, []).append(place)
        yield from calls.values()

    def _between(self, places: Sequence[Place]) -> list[Op]:
        """The operators that make some values, and all between them."""
        named = {op.result for place in places for op in self._by_place.get(place, ())}
        after, before = set(named), set(named)
        for op in self._ops:
            if not after.isdisjoint(op.reads):
                after.add(op.result)
        for op in reversed(self._ops):
            if op.result in before:
                before.update(op.reads)
        return [op for op in self._ops if op.result in after and op.result in before]


def name_of(op: Op) -> str:
    """What the source calls a value, or the program's own name for it."""
    return next((place.name for place in op.names if place.name), op.result)
