"""One plan on its own: compiled like any other, and reduced to the numbers of a row."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.analysis.buffers import block_bytes, find_occupancy
from helixc.analysis.collectives import move_bytes
from helixc.analysis.schedule import Schedule, find_schedule, stream_of
from helixc.diagnostics import CompilerBug, HelixError
from helixc.ir.logical import Logical
from helixc.ir.ops import Kept
from helixc.ir.slices import kept_times, slice_count
from helixc.ir.spmd import Loop, Move, Spmd, SpmdStatement, kept_as
from helixc.passes.contract import AnyPass


@attrs.frozen
class Row:
    """What one GPU does under one plan: picoseconds and bytes."""

    picoseconds: int
    compute_picoseconds: int
    communication_picoseconds: int
    weights_bytes: int
    state_bytes: int
    peak_bytes: int
    received_bytes: int


def evaluate_alone(program: Logical, passes: Sequence[AnyPass]) -> Row:
    """The row of an elaborated program; ``passes`` lead from there to explicit collectives.

    Raises ``HelixError`` where the plan cannot be followed.
    """
    found: object = program
    for one in passes:
        found = one.run(found)
    if not isinstance(found, Spmd):
        raise CompilerBug(f"{type(found).__name__} is not the level that belongs here")
    schedule, slices = find_schedule(found), slice_count(found)
    sums = _Sums(found, schedule)
    sums.add(found.body, 1)
    return Row(
        picoseconds=slices * schedule.picoseconds,
        compute_picoseconds=slices * sums.compute,
        communication_picoseconds=slices * sums.communication,
        weights_bytes=sums.kept["weight"],
        state_bytes=sums.kept["state"],
        peak_bytes=sum(buffer.bytes for buffer in find_occupancy(found, schedule).alive),
        received_bytes=slices * sums.received,
    )


class _Sums:
    """What adds up over all statements and turns."""

    def __init__(self, program: Spmd, schedule: Schedule) -> None:
        self._program = program
        self._schedule = schedule
        self.compute, self.communication, self.received = 0, 0, 0
        self.kept: dict[Kept, int] = {"weight": 0, "state": 0}

    def add(self, body: tuple[SpmdStatement, ...], turns: int) -> None:
        """Count statements that run so often."""
        for statement in body:
            if isinstance(statement, Loop):
                self.add(statement.body, turns * statement.trips)
                continue
            time = turns * self._schedule.prices[statement.result].picoseconds
            if isinstance(statement, Move) and stream_of(statement) == "communication":
                self.communication += time
                self.received += turns * move_bytes(statement, self._program)
            else:
                self.compute += time
            kept = kept_as(statement)
            if kept:
                blocks = turns * kept_times(self._program, statement.type)
                self.kept[kept] += blocks * block_bytes(statement.result, self._program)


def refusal(error: HelixError) -> str:
    """The code of the first error."""
    return next(d.code for d in error.diagnostics if d.severity == "error")
