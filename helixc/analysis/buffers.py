"""The buffers of one GPU along the schedule: when each is made and when it is read for the last time.

A statement's buffer is there from its start, and goes when its last reader ends; two statements that
run side by side both have theirs.  A relabelling shows the buffer of its operand.  A carried value has
no buffer of its own either: a turn reads what the turn before it made.

So that the work does not grow with the turns of a repeat only some are walked through: its first ones, its
last ones, and as many in between as can differ (``walked_turns``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import lcm

import attrs

from helixc.analysis.schedule import Schedule
from helixc.analysis.uses import is_view, reads_of
from helixc.ir.layout import AllToAll, Step, local_bytes
from helixc.ir.spmd import Loop, Move, Spmd, SpmdStatement


@attrs.frozen
class Buffer:
    """Bytes made for a value; ``sending``: what its collective packs to send, gone when that ends."""

    value: str
    bytes: int
    sending: bool = False


@attrs.frozen
class Filling:
    """The bytes alive when a statement has started, in one turn of each repeat around it.

    ``picoseconds``: since the start of the program, in the first turns.
    """

    value: str
    turns: tuple[int, ...]
    picoseconds: int
    bytes: int


@attrs.frozen
class Occupancy:
    """The bytes alive along the schedule, weights not counted.

    ``fullest``: the first moment at which they are most; ``alive`` are the buffers that make them.
    """

    fillings: tuple[Filling, ...]
    fullest: Filling | None
    alive: tuple[Buffer, ...]


def send_bytes(step: Step, block: int) -> int:
    """Bytes that a collective packs before it sends them, out of a block of so many.

    An all-to-all cuts its block along one dimension and joins what arrives along another, so that in no
    order of the dimensions both are contiguous: one of the two is packed.  Every other step can send from
    the block that it reads and receive into the one that it yields.
    """
    return block if isinstance(step, AllToAll) else 0


def block_bytes(value: str, program: Spmd) -> int:
    """Bytes of one GPU's block of a value."""
    return local_bytes(program.types[value], program.layouts[value], program.sizes, program.mesh)


def find_occupancy(program: Spmd, schedule: Schedule) -> Occupancy:
    """What one GPU holds along the schedule, besides its weights."""
    walk = _Walk(program)
    for moment in schedule.moments(walked_turns):
        if moment.begins:
            walk.begin(moment.statement, moment.turns, moment.picoseconds)
        else:
            walk.end(moment.statement)
    return walk.occupancy(output.value for output in program.outputs)


def walked_turns(loop: Loop) -> range:
    """As many turns as differ in what is alive, from 0; the last of them stands for the last of all.

    What a turn makes is read in it or in the next, so that three stand for all: the first, one between,
    the last.  Values that are carried on as they are (a shift, a swap) may live longer by a turn each, and
    swaps repeat after a number of turns that divides the least common multiple of all numbers of them.
    """
    return differing_turns(loop.trips, _passed_on(loop))


def stand_in(loop: Loop, turn: int) -> int:
    """Of the turns that are walked through the one in which as much is alive as in this one."""
    passed_on = _passed_on(loop)
    walked = len(differing_turns(loop.trips, passed_on))
    edge = passed_on + 1
    if turn < walked - edge:
        return turn
    if turn >= loop.trips - edge:
        return turn - loop.trips + walked
    return edge + (turn - edge) % _period(passed_on)


def _passed_on(loop: Loop) -> int:
    """How many values a repeat carries on as they are."""
    return sum(not _is_made(value.yields, loop) for value in loop.carried)


def _period(passed_on: int) -> int:
    """After how many turns so many values that change places are where they were."""
    return lcm(*range(1, passed_on + 1))


def differing_turns(trips: int, passed_on: int) -> range:
    """The turns to walk through where so many values are carried on as they are."""
    period = _period(passed_on)
    enough = 2 * passed_on + 2 + period
    if trips <= enough:
        return range(trips)
    return range(enough + (trips - enough) % period)


def _is_made(value: str, loop: Loop) -> bool:
    """Whether every turn of a repeat makes a value anew, instead of passing on what it got."""
    for statement in loop.body:
        if isinstance(statement, Loop):
            for carried in statement.carried:
                if carried.result == value:
                    return statement.trips > 0 and _is_made(carried.yields, statement)
        elif statement.result == value:
            return not is_view(statement) or _is_made(reads_of(statement)[0], loop)
    return False


@attrs.frozen
class _Start:
    """The start of a statement, and the number of the moment at which it is."""

    moment: int
    value: str
    turns: tuple[int, ...]
    picoseconds: int


class _Walk:
    """Goes through the moments of a schedule and notes which buffers they make and read."""

    def __init__(self, program: Spmd) -> None:
        self._program = program
        self._buffers: list[Buffer] = []
        self._born: list[int] = []
        self._last: list[int] = []
        self._shown: dict[str, int] = {}
        self._running: dict[str, list[int]] = {}
        self._starts: list[_Start] = []
        self._moments = 0

    def begin(self, statement: SpmdStatement, turns: tuple[int, ...], picoseconds: int) -> None:
        """A statement starts, or a turn of a repeat."""
        self._moments += 1
        if isinstance(statement, Loop):
            first = turns[-1] == 0
            given = [self._shown[c.init if first else c.yields] for c in statement.carried]
            entries = (carried.entry for carried in statement.carried)
            self._shown.update(zip(entries, given, strict=True))
        elif is_view(statement):
            self._shown[statement.result] = self._shown[reads_of(statement)[0]]
        else:
            self._make(statement.result, statement)
            start = _Start(self._moments, statement.result, turns, picoseconds)
            self._starts.append(start)

    def end(self, statement: SpmdStatement) -> None:
        """A statement ends: it has read its operands, and what nobody reads is gone at once."""
        self._moments += 1
        if isinstance(statement, Loop):
            given = [
                self._shown[c.yields if statement.trips else c.init] for c in statement.carried
            ]
            results = (carried.result for carried in statement.carried)
            self._shown.update(zip(results, given, strict=True))
            return
        read = [self._shown[value] for value in reads_of(statement)]
        for buffer in (*read, *self._running.pop(statement.result, ())):
            self._last[buffer] = self._moments

    def _make(self, value: str, statement: SpmdStatement) -> None:
        stored = value in self._program.stored
        made = [Buffer(value, 0 if stored else block_bytes(value, self._program))]
        if isinstance(statement, Move):
            packed = send_bytes(statement.step, block_bytes(statement.source, self._program))
            made += [Buffer(value, packed, sending=True)] if packed else []
        self._shown[value] = len(self._buffers)
        self._running[value] = [len(self._buffers) + place for place in range(len(made))]
        self._buffers += made
        self._born += [self._moments] * len(made)
        self._last += [self._moments] * len(made)

    def occupancy(self, kept: Iterable[str]) -> Occupancy:
        """What is alive at each start; the values ``kept`` are never given up."""
        for value in kept:
            self._last[self._shown[value]] = self._moments + 1
        changes = [0] * (self._moments + 3)
        for buffer, born, last in self._lives():
            changes[born] += buffer.bytes
            changes[last + 1] -= buffer.bytes
        alive = list(accumulate(changes))
        found = [Filling(s.value, s.turns, s.picoseconds, alive[s.moment]) for s in self._starts]
        if not found:
            return Occupancy((), None, ())
        fullest = max(range(len(found)), key=lambda place: (found[place].bytes, -place))
        moment = self._starts[fullest].moment
        held = tuple(buffer for buffer, born, last in self._lives() if born <= moment <= last)
        return Occupancy(tuple(found), found[fullest], held)

    def _lives(self) -> Iterator[tuple[Buffer, int, int]]:
        return zip(self._buffers, self._born, self._last, strict=True)
