"""One plan on its own: compiled like any other, and reduced to the numbers of a row."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.analysis.collectives import kind_of, move_bytes
from helixc.analysis.critical_path import find_critical_path
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.diagnostics import CompilerBug, HelixError
from helixc.ir.logical import Logical
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Loop, Move, Spmd, SpmdStatement
from helixc.passes.contract import AnyPass


@attrs.frozen
class Row:
    """What one GPU does under one plan: picoseconds and bytes."""

    picoseconds: int
    compute_picoseconds: int
    communication_picoseconds: int
    weights_bytes: int
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
    path = find_critical_path(found)
    memory = find_memory(found, find_layers(found))
    return Row(
        picoseconds=path.picoseconds,
        compute_picoseconds=path.compute_picoseconds,
        communication_picoseconds=path.communication_picoseconds,
        weights_bytes=memory.weights_bytes,
        peak_bytes=memory.peak_bytes,
        received_bytes=slice_count(found) * _received(found.body, found),
    )


def _received(body: tuple[SpmdStatement, ...], program: Spmd) -> int:
    total = 0
    for statement in body:
        if isinstance(statement, Loop):
            total += statement.trips * _received(statement.body, program)
        elif isinstance(statement, Move) and kind_of(statement.step):
            total += move_bytes(statement, program)
    return total


def refusal(error: HelixError) -> str:
    """The code of the first error."""
    return next(d.code for d in error.diagnostics if d.severity == "error")
