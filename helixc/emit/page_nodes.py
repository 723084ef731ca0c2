"""The nodes of a page's graph: statements in the turns that are told, in program order, and what each reads.

They are also the bars of its timeline.  All GPUs do the same, so one GPU's nodes stand for all.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.analysis.critical_path import SLICES
from helixc.analysis.schedule import BodySchedule, Schedule
from helixc.analysis.timeline import Kept, Turns, turns_of
from helixc.analysis.uses import reads_of
from helixc.emit.run_facts import turns_text
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Loop, Spmd

# In place of a row: turns that are not told one by one.
UNTOLD = -1


@attrs.frozen(kw_only=True)
class PageNode:
    """A statement (by the number of its row) in one turn, or turns that are not told (``UNTOLD``).

    ``turns`` names the turns around it, outermost first.  Times are picoseconds since the start of the
    step; ``reads`` are positions of nodes before it.
    """

    row: int
    turns: str
    start: int
    end: int
    reads: tuple[int, ...] = ()


def page_nodes(
    program: Spmd, schedule: Schedule, rows: Mapping[str, int], kept: Kept
) -> tuple[PageNode, ...]:
    """The nodes of a step; statements that have no row are no nodes."""
    walk = _Walk(program, rows, kept)
    slices = slice_count(program)
    if slices == 1:
        walk.body(schedule.root, 0, "")
    else:
        for turns in turns_of(SLICES, slices, kept, schedule.root.picoseconds, 0):
            if turns.told:
                walk.body(schedule.root, turns.start, turns_text(turns, program))
            else:
                walk.skip(turns, "", ())
    return tuple(walk.nodes)


class _Walk:
    """Goes through a program turn by turn, and knows which node has made each value."""

    def __init__(self, program: Spmd, rows: Mapping[str, int], kept: Kept) -> None:
        self.nodes: list[PageNode] = []
        self._program = program
        self._rows = rows
        self._kept = kept
        self._makers: dict[str, int] = {}

    def body(self, schedule: BodySchedule, base: int, turns: str) -> None:
        """All statements of one run of a body."""
        slots = {slot.job: slot for slot in schedule.slots}
        for index, statement in enumerate(schedule.body):
            slot = slots[index]
            if isinstance(statement, Loop):
                self._loop(statement, schedule.inner[index], base + slot.start, turns)
            elif statement.result in self._rows:
                row, reads = self._rows[statement.result], self._nodes_of(reads_of(statement))
                self._makers[statement.result] = len(self.nodes)
                times = (base + slot.start, base + slot.end)
                self.nodes.append(
                    PageNode(row=row, turns=turns, start=times[0], end=times[1], reads=reads)
                )

    def _loop(self, loop: Loop, inner: BodySchedule, base: int, around: str) -> None:
        pairs = [(value.entry, value.init) for value in loop.carried]
        for turns in turns_of(loop.scope, loop.trips, self._kept, inner.picoseconds, base):
            self._hand_on(pairs)
            pairs = [(value.entry, value.yields) for value in loop.carried]
            if turns.told:
                name = turns_text(turns, self._program)
                self.body(inner, turns.start, f"{around}, {name}" if around else name)
            else:
                entries = tuple(value.entry for value in loop.carried)
                self.skip(turns, around, entries)
                made = len(self.nodes) - 1
                self._makers.update((value.yields, made) for value in loop.carried)
        last = "yields" if loop.trips else "init"
        self._hand_on([(value.result, getattr(value, last)) for value in loop.carried])

    def _hand_on(self, pairs: list[tuple[str, str]]) -> None:
        """Give values the makers of others, all at once."""
        makers = [(name, self._makers.get(origin)) for name, origin in pairs]
        self._makers.update((name, maker) for name, maker in makers if maker is not None)

    def skip(self, turns: Turns, around: str, entries: tuple[str, ...]) -> None:
        """A node for turns that are not told; it reads what goes into them."""
        name = turns_text(turns, self._program)
        self.nodes.append(
            PageNode(
                row=UNTOLD,
                turns=f"{around}, {name}" if around else name,
                start=turns.start,
                end=turns.end,
                reads=self._nodes_of(entries),
            )
        )

    def _nodes_of(self, values: tuple[str, ...]) -> tuple[int, ...]:
        found = (self._makers.get(value) for value in values)
        return tuple(dict.fromkeys(node for node in found if node is not None))
