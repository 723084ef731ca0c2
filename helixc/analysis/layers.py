"""Which layer every statement belongs to: the unit that reports and drawings speak of.

A *layer* is a call in the model's body, or in a repeat of that body; what such a call calls is inside
it.  What stands in the body itself goes with a call too: an operator with the next call of its
source statement, else with the last one before it; a move with its reader if that is in a call, else
with its producer.  Where no call is near (a model without layers, an operator after a repeat) the
body counts as a layer of its own, under its own name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from helixc.diagnostics import NOWHERE, Span
from helixc.ir.logical import Scope, ancestors
from helixc.ir.plan import Label, Plan
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement


@attrs.frozen(kw_only=True)
class Layer:
    """One call, or a body without calls; ``repeats`` are the scopes of the repeats around it.

    ``call`` counts the calls of one name in a turn, from 0.  The turns are ``first`` up to
    ``first + turns - 1``; outside a repeat there is one, and it has no number.
    """

    name: str
    scope: int
    call: int = 0
    repeats: tuple[int, ...] = ()
    repeat: str = ""
    first: int = 0
    turns: int = 1
    label: str = ""

    @property
    def title(self) -> str:
        """The name, with the number of the call from the second on: ``mha``, ``mha_2``."""
        return self.name if self.call == 0 else f"{self.name}_{self.call + 1}"

    @property
    def indices(self) -> range | tuple[None]:
        """The numbers of the turns; (None,) outside a repeat."""
        return range(self.first, self.first + self.turns) if self.repeats else (None,)


@attrs.frozen(kw_only=True, slots=False)
class LayerMap:
    """The layers in program order, and for each value computed or moved its layer and frequency.

    ``of``: position in ``layers``.  ``runs``: how often the statement runs in a step, all slices of it.
    """

    layers: tuple[Layer, ...]
    of: Mapping[str, int]
    runs: Mapping[str, int]

    @cached_property
    def titles(self) -> Mapping[str, int]:
        """How many layers have each title."""
        return Counter(layer.title for layer in self.layers)

    def layer(self, value: str) -> Layer:
        """The layer of the statement that yields ``value``."""
        return self.layers[self.of[value]]

    def runs_per_turn(self, value: str) -> int:
        """How often a statement runs in one turn of its layer, all repeats in it and all slices."""
        return self.runs[value] // self.layer(value).turns


@attrs.frozen
class _Item:
    """A statement, the loops around it (scopes, outermost first), and how often it runs."""

    statement: Compute | Move | Reshard
    loops: tuple[int, ...]
    runs: int


def find_layers(program: Spmd) -> LayerMap:
    """The layer of every statement of a program."""
    items = tuple(_items(program.body, (), slice_count(program)))
    owners = _owners(program, items)
    keys: dict[int, None] = dict.fromkeys(owners.values())
    positions = {scope: position for position, scope in enumerate(keys)}
    return LayerMap(
        layers=tuple(_layer(program, scope) for scope in keys),
        of={value: positions[scope] for value, scope in owners.items()},
        runs={item.statement.result: item.runs for item in items},
    )


def _items(body: Iterable[SpmdStatement], loops: tuple[int, ...], runs: int) -> Iterator[_Item]:
    for statement in body:
        if isinstance(statement, Loop):
            inner = (*loops, statement.scope)
            yield from _items(statement.body, inner, runs * statement.trips)
        else:
            yield _Item(statement, loops, runs)


def call_of(scopes: tuple[Scope, ...], scope: int) -> int | None:
    """The call, in the model's body or a repeat of it, that a scope is or lies in; None in a body."""
    calls = [s for s in ancestors(scopes, scope) if scopes[s].kind == "layer"]
    return calls[-1] if calls else None


def _owners(program: Spmd, items: tuple[_Item, ...]) -> dict[str, int]:
    """For each value the scope of its call, or the scope of its body."""
    owners = _compute_owners(program, items)
    readers = _first_readers(items)
    for item in items:
        if isinstance(item.statement, Compute):
            continue
        move = item.statement
        reader = readers.get(move.result)
        in_call = reader is not None and call_of(program.scopes, reader.scope) is not None
        read_by = owners.get(reader.result) if reader is not None else None
        made_by = owners.get(move.source)
        wishes = (read_by, made_by) if in_call else (made_by, read_by)
        body = item.loops[-1] if item.loops else 0
        owners[move.result] = _first_legal(program, item, wishes, body)
    return {item.statement.result: owners[item.statement.result] for item in items}


def _first_legal(program: Spmd, item: _Item, wishes: Iterable[int | None], body: int) -> int:
    """The first wished layer that turns as the statement does; what is hoisted out has none."""
    for wish in wishes:
        if wish is not None:
            repeats = _repeats(program.scopes, wish)
            if repeats == item.loops[: len(repeats)]:
                return wish
    return body


def _first_readers(items: tuple[_Item, ...]) -> dict[str, Compute]:
    """For each value the first operator that reads it, moves in between not counted."""
    readers: dict[str, Compute] = {}
    for item in reversed(items):
        statement = item.statement
        if isinstance(statement, Compute):
            readers.update((value, statement) for value in statement.op.reads)
        elif statement.result in readers:
            readers[statement.source] = readers[statement.result]
    return readers


@attrs.frozen
class _Mark:
    """A place in a body: an operator of the body (``call`` None), a call, or a repeat (-1)."""

    call: int | None
    span: Span
    value: str = ""


def _compute_owners(program: Spmd, items: tuple[_Item, ...]) -> dict[str, int]:
    owners: dict[str, int] = {}
    bodies: dict[int, list[_Mark]] = {}
    for item in items:
        if not isinstance(item.statement, Compute):
            continue
        op = item.statement.op
        call = call_of(program.scopes, op.scope)
        if call is not None:
            owners[op.result] = call
        else:
            bodies.setdefault(op.scope, []).append(_Mark(None, op.span, op.result))
        for body, mark in _marks_around(program.scopes, op.scope if call is None else call):
            marks = bodies.setdefault(body, [])
            if not marks or marks[-1] != mark:
                marks.append(mark)
    for body, marks in bodies.items():
        owners.update(_body_owners(body, marks))
    return owners


def _marks_around(scopes: tuple[Scope, ...], inside: int) -> Iterator[tuple[int, _Mark]]:
    """What an operator in ``inside`` is for the bodies around it: part of a call, or of a repeat."""
    for scope in ancestors(scopes, inside):
        if scopes[scope].parent >= 0:
            call = scope if scopes[scope].kind == "layer" else -1
            yield scopes[scope].parent, _Mark(call, scopes[scope].span)


def _body_owners(body: int, marks: list[_Mark]) -> Iterator[tuple[str, int]]:
    """Give each operator of a body to a call: next in its statement, else last, else next."""
    statements = _statements(marks)
    following: list[int | None] = [None] * len(marks)
    upcoming: int | None = None
    for index in reversed(range(len(marks))):
        if marks[index].call is not None:
            upcoming = index if marks[index].call != -1 else None
        following[index] = upcoming
    last: int | None = None
    for index, mark in enumerate(marks):
        if mark.call is not None:
            last = mark.call if mark.call != -1 else None
            continue
        after = following[index]
        next_call = marks[after].call if after is not None else None
        same = after is not None and statements[index] == statements[after]
        owner = next_call if same or last is None else last
        yield mark.value, body if owner is None else owner


def _statements(marks: list[_Mark]) -> list[int]:
    """For each mark the number of its source statement: spans nest, and the widest is the statement.

    What has no span is a statement of its own.
    """
    order = sorted(range(len(marks)), key=lambda i: (_start(marks[i].span), _reverse_end(marks[i])))
    numbers = list(range(len(marks)))
    widest = -1
    for index in order:
        span = marks[index].span
        if span == NOWHERE:
            continue
        if widest < 0 or not _contains(marks[widest].span, span):
            widest = index
        numbers[index] = widest
    return numbers


def _start(span: Span) -> tuple[str, int, int]:
    return (span.file, span.line, span.column)


def _reverse_end(mark: _Mark) -> tuple[int, int]:
    return (-mark.span.end_line, -mark.span.end_column)


def _contains(outer: Span, inner: Span) -> bool:
    if outer.file != inner.file:
        return False
    ends = (outer.end_line, outer.end_column) >= (inner.end_line, inner.end_column)
    return ends and (outer.line, outer.column) <= (inner.line, inner.column)


def _repeats(scopes: tuple[Scope, ...], scope: int) -> tuple[int, ...]:
    """The repeats around a layer (or that it is), outermost first."""
    around = [s for s in ancestors(scopes, scope) if scopes[s].kind == "repeat"]
    return tuple(reversed(around))


def _layer(program: Spmd, scope: int) -> Layer:
    scopes = program.scopes
    repeats = _repeats(scopes, scope)
    first, turns = 0, 1
    for repeat in repeats:
        first = first * scopes[repeat].turns + scopes[repeat].first
        turns *= scopes[repeat].turns
    return Layer(
        name=scopes[scope].name,
        scope=scope,
        call=scopes[scope].call if scopes[scope].kind == "layer" else 0,
        repeats=repeats,
        repeat=scopes[repeats[-1]].name if repeats else "",
        first=first,
        turns=turns,
        label=label_of(program.plan, scopes, scope),
    )


def label_of(plan: Plan, scopes: tuple[Scope, ...], scope: int) -> str:
    """The label that a plan gives a scope, or one around it; "" if none.  Later lines win."""
    around = set(ancestors(scopes, scope))
    label = ""
    for block in plan.blocks:
        names = [line.name for line in block.lines if isinstance(line, Label)]
        if names and any(p.scope in around and not p.name for p in block.places):
            label = names[-1]
    return label
