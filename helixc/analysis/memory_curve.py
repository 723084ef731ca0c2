"""The bytes alive on one GPU along the timeline of a step, in every turn that is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from helixc.analysis.buffers import find_occupancy, stand_in
from helixc.analysis.schedule import Schedule
from helixc.analysis.timeline import Bar, Run
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Loop, Spmd, SpmdStatement

Loops = tuple[Loop, ...]


def memory_curve(program: Spmd, schedule: Schedule, bars: Iterable[Bar]) -> list[tuple[int, int]]:
    """When statements of a timeline begin that write a buffer, and the bytes of all values then alive.

    Picoseconds since the start of the step, ascending, each once: where several begin at one time, the
    most bytes of them.  Weights are not counted.
    """
    fillings = find_occupancy(program, schedule).fillings
    sizes = {(filling.value, filling.turns): filling.bytes for filling in fillings}
    loops = dict(_loops_around(program.body, ()))
    sliced = slice_count(program) > 1
    most = defaultdict[int, int](int)
    for bar in bars:
        if isinstance(bar, Run):
            turns = bar.turns[1:] if sliced else bar.turns
            pairs = zip(loops[bar.value], turns, strict=True)
            size = sizes.get((bar.value, tuple(stand_in(loop, turn) for loop, turn in pairs)))
            if size is not None:
                most[bar.start] = max(size, most[bar.start])
    # On two streams statements may begin in another order than that of the timeline.
    return sorted(most.items())


def _loops_around(body: tuple[SpmdStatement, ...], around: Loops) -> Iterator[tuple[str, Loops]]:
    """For each value the repeats in which it is made, outermost first."""
    for statement in body:
        if isinstance(statement, Loop):
            yield from _loops_around(statement.body, (*around, statement))
        else:
            yield statement.result, around
