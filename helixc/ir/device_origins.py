"""Where a task's operands must come from, found turn by turn: the plain reading that edges are held to.

``sources`` says the same in boxes of turns, to make the edges fast; this file goes through one turn after
the other instead, so that one checks the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.ir.device import DeviceProgram, Template
from helixc.ir.spmd import Loop, LoopValue, SpmdStatement

Column = NDArray[np.integer]
Mask = NDArray[np.bool_]

# No task: what an operand that was left out, or an impossible turn, is expected from.
NOBODY = -1
# Steps through carried values before a search is given up: values that only go round are never made.
MOST_STEPS = 2**20


@attrs.frozen
class _Carried:
    """A carried value, the loop that carries it, and the number of loops around that."""

    value: LoopValue
    trips: int
    depth: int


def expected_sources(program: DeviceProgram, readers: Column) -> Mask:
    """For each edge, whether its source makes the value that the reader's operand is in that turn.

    ``readers`` is the task that each edge leads into.
    """
    turns = int(program.turn.max(initial=0)) + 1
    codes = program.template.astype(np.int64) * turns + program.turn
    kinds, which = np.unique(codes, return_inverse=True)
    most = max((len(template.reads) for template in program.templates), default=0)
    expected = np.full((len(kinds), max(most, 1)), NOBODY, dtype=np.int64)
    finder = _Finder(program)
    for row, code in enumerate(kinds):
        template = program.templates[int(code) // turns]
        for operand, value in enumerate(template.reads):
            source, turn = finder.find(template, value, int(code) % turns)
            if source != NOBODY and turn < turns:
                expected[row, operand] = source * turns + turn
    return expected[which[readers], program.operand] == codes[program.after]


class _Finder:
    """Follows carried values back to the statement that made them."""

    def __init__(self, program: DeviceProgram) -> None:
        self._templates = program.templates
        self._makers = {t.value: index for index, t in enumerate(program.templates)}
        carried = tuple(_carried(program.program.body, 0))
        self._entries: Mapping[str, _Carried] = {c.value.entry: c for c in carried}
        self._results: Mapping[str, _Carried] = {c.value.result: c for c in carried}

    def find(self, reader: Template, value: str, turn: int) -> tuple[int, int]:
        """Template and turn of the task that made what a template reads in a turn, or ``NOBODY``."""
        path = list(reader.turns(turn))
        for _ in range(MOST_STEPS):
            if value in self._makers:
                source = self._makers[value]
                return source, _flat(self._templates[source].loops, path)
            entry = self._entries.get(value)
            carried = entry or self._results[value]
            path = path[: carried.depth + 1]
            if entry is None:
                value, path = carried.value.yields, [*path[: carried.depth], carried.trips - 1]
            elif path[-1] == 0:
                value, path = carried.value.init, path[:-1]
            else:
                value, path = carried.value.yields, [*path[:-1], path[-1] - 1]
        return NOBODY, 0


def _flat(loops: tuple[Loop, ...], path: list[int]) -> int:
    """The row-major index of the turns of the outermost loops."""
    turn = 0
    for loop, here in zip(loops, path, strict=False):
        turn = turn * loop.trips + here
    return turn


def _carried(body: tuple[SpmdStatement, ...], depth: int) -> Iterator[_Carried]:
    for statement in body:
        if isinstance(statement, Loop):
            for value in statement.carried:
                yield _Carried(value, statement.trips, depth)
            yield from _carried(statement.body, depth + 1)
