"""Where a read value comes from: through carried values, turn by turn, down to the statement.

A statement that reads a carried value reads what came in on turn 0 and what the turn before it
yielded on every other turn.  ``find_sources`` says so once per template, as a few *pieces*, each for
a box of turns; nothing here depends on the number of GPUs.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.ir.device import Template
from helixc.ir.spmd import Loop, LoopValue, Spmd, SpmdStatement


@attrs.frozen
class Turn:
    """The turn of one loop around the source, seen from a turn of the reader.

    If ``follows`` is set, the loop is around the reader too, and the turn is the reader's plus
    ``shift``; else it is ``shift`` itself.
    """

    loop: Loop
    follows: bool
    shift: int


@attrs.frozen
class Piece:
    """For the turns of the reader in ``box`` ([low, high) for each of its loops), the source."""

    source: int
    turns: tuple[Turn, ...]
    box: tuple[tuple[int, int], ...]


@attrs.frozen
class _Carrier:
    """A carried value, its loop, and how many loops are around that."""

    value: LoopValue
    loop: Loop
    depth: int


class SourceFinder:
    """Finds the pieces of each operand of a program's templates."""

    def __init__(self, program: Spmd, templates: tuple[Template, ...]) -> None:
        carriers = tuple(_carriers(program.body, 0))
        self._producers = {t.value: index for index, t in enumerate(templates)}
        self._depths = tuple(len(t.loops) for t in templates)
        self._entries = {c.value.entry: c for c in carriers}
        self._results = {c.value.result: c for c in carriers}

    def pieces(self, template: Template, value: str) -> Iterator[Piece]:
        """The sources of one operand, for disjoint boxes of turns."""
        turns = tuple(Turn(loop, follows=True, shift=0) for loop in template.loops)
        return self._trace(value, turns, tuple((0, loop.trips) for loop in template.loops))

    def _trace(
        self, value: str, turns: tuple[Turn, ...], box: tuple[tuple[int, int], ...]
    ) -> Iterator[Piece]:
        waiting = [(value, turns, box)]
        while waiting:
            name, turns, box = waiting.pop()
            if any(low >= high for low, high in box):
                continue
            if name in self._producers:
                source = self._producers[name]
                yield Piece(source, turns[: self._depths[source]], box)
            elif name in self._results:
                waiting.append(_out_of_loop(self._results[name], turns, box))
            else:
                waiting += _through_entry(self._entries[name], turns, box)

    def source_at(
        self, template: Template, value: str, turns: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]]:
        """Where one operand comes from on one turn: index of the template, and its turn."""
        for piece in self.pieces(template, value):
            if all(low <= turn < high for turn, (low, high) in zip(turns, piece.box, strict=True)):
                return piece.source, tuple(
                    turn.shift + (turns[depth] if turn.follows else 0)
                    for depth, turn in enumerate(piece.turns)
                )
        raise LookupError(value)

    def source_of(self, value: str) -> tuple[int, tuple[int, ...]]:
        """Where a value that is seen outside all loops comes from."""
        piece = next(self._trace(value, (), ()))
        return piece.source, tuple(turn.shift for turn in piece.turns)


def _carriers(body: tuple[SpmdStatement, ...], depth: int) -> Iterator[_Carrier]:
    for statement in body:
        if isinstance(statement, Loop):
            for value in statement.carried:
                yield _Carrier(value, statement, depth)
            yield from _carriers(statement.body, depth + 1)


_Open = tuple[str, tuple[Turn, ...], tuple[tuple[int, int], ...]]


def _out_of_loop(
    carrier: _Carrier, turns: tuple[Turn, ...], box: tuple[tuple[int, int], ...]
) -> _Open:
    """The result of a loop: what its last turn yields."""
    outer = turns[: carrier.depth]
    last = carrier.loop.trips - 1
    if last < 0:
        return (carrier.value.init, outer, box)
    turn = Turn(carrier.loop, follows=False, shift=last)
    return (carrier.value.yields, (*outer, turn), box)


def _through_entry(
    carrier: _Carrier, turns: tuple[Turn, ...], box: tuple[tuple[int, int], ...]
) -> list[_Open]:
    """A carried value on the way in: the initial one on turn 0, else the last turn's."""
    carried, depth = carrier.value, carrier.depth
    turn, outer = turns[depth], turns[:depth]
    if carried.yields == carried.entry:
        return [(carried.init, outer, box)]
    before = (*outer, attrs.evolve(turn, shift=turn.shift - 1))
    if not turn.follows:
        return [(carried.init, outer, box) if turn.shift == 0 else (carried.yields, before, box)]
    low, high = box[depth]
    first = -turn.shift
    at_start = _narrowed(box, depth, max(low, first), min(high, first + 1))
    later = _narrowed(box, depth, max(low, first + 1), high)
    return [(carried.init, outer, at_start), (carried.yields, before, later)]


def _narrowed(
    box: tuple[tuple[int, int], ...], depth: int, low: int, high: int
) -> tuple[tuple[int, int], ...]:
    return (*box[:depth], (low, high), *box[depth + 1 :])
