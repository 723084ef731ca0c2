"""Whether keys and values go round a ring or are gathered, where a plan leaves that open: both are compiled.

A ring hides its exchanges behind the attention, where an all-gather stands before it; but its kernels are
smaller and keep more in memory.  Which is faster is no matter of a rule, so the program is compiled in both
forms, once for all lines together, and the cheaper one is kept: what fits comes before what is fast.
"""

from __future__ import annotations

import attrs

from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.numbers_text import seconds_text
from helixc.analysis.schedule import find_schedule
from helixc.choice.rings import open_lines
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.logical import Logical
from helixc.ir.plan import Shard
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Spmd
from helixc.passes.communicate import COMMUNICATE
from helixc.passes.contract import AnyPass
from helixc.passes.expand import EXPAND
from helixc.passes.partition import PARTITION
from helixc.passes.ring import RING
from helixc.passes.simplify import SIMPLIFY

_TO_SPMD: tuple[AnyPass, ...] = (RING, EXPAND, PARTITION, COMMUNICATE, SIMPLIFY)


def ring(program: Logical) -> Logical:
    """The program with every ``via ring`` line carried out.  Raises ``HelixError`` where one cannot be.

    Where a line could be one and says nothing, the cheaper form is taken, and a note says what the other
    one would take.
    """
    return RING.run(_settled(program))


def _settled(program: Logical) -> Logical:
    """The program whose plan says ``via ring`` where that is left open and cheaper."""
    lines = open_lines(program)
    if not lines:
        return program
    asking = attrs.evolve(program, plan=program.plan.with_ways(lines, "ring"))
    gathered, passed = _form(program), _form(asking)
    if gathered is None or passed is None:
        return program
    notes = tuple(_note(line, gathered, passed) for line in lines)
    taken = asking if passed.key < gathered.key else program
    return attrs.evolve(taken, notes=(*program.notes, *notes))


@attrs.frozen
class _Form:
    """What one form takes: whether it does not fit, and the picoseconds of a step."""

    too_large: bool
    picoseconds: int

    @property
    def key(self) -> tuple[bool, int]:
        """The less, the better."""
        return self.too_large, self.picoseconds

    @property
    def text(self) -> str:
        """The time in words, and that it does not fit."""
        time = seconds_text(self.picoseconds)
        return f"{time} and does not fit" if self.too_large else time


def _form(program: Logical) -> _Form | None:
    """A program compiled; None where its plan cannot be followed."""
    found: object = program
    try:
        for one in _TO_SPMD:
            found = one.run(found)
    except HelixError:
        return None
    if not isinstance(found, Spmd):
        return None
    schedule = find_schedule(found)
    memory = find_memory(found, find_layers(found), schedule)
    needed = memory.weights_bytes + memory.state_bytes + memory.peak_bytes
    too_large = needed > found.cluster.gpu.memory_bytes
    return _Form(too_large, slice_count(found) * schedule.picoseconds)


def _note(line: Shard, gathered: _Form, passed: _Form) -> Diagnostic:
    taken, other = "keys and values go round no ring", "a ring would take"
    one, two = gathered, passed
    if passed.key < gathered.key:
        taken, other = "keys and values go round a ring", "without one it takes"
        one, two = passed, gathered
    dims = ", ".join(ref.name for ref in line.dims)
    message = (
        f"`shard {dims} over {', '.join(line.axes)}`: {taken} ({one.text}); {other} {two.text}"
    )
    return Diagnostic("HX0605", message, line.span, "note", legal=("via ring", "via all_gather"))


RING_OR_GATHER = attrs.evolve(RING, run=ring)
