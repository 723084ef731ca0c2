"""In which order the statements of a function stand, and which of its collectives overlap with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helixc.analysis.schedule import BodySchedule, stream_of
from helixc.analysis.uses import gives_of, reads_of
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Move, SpmdStatement


def starts_of(schedule: BodySchedule) -> dict[int, int]:
    """When each statement of a body, and of those in it, starts; statements by identity."""
    starts = {id(schedule.body[slot.job]): slot.start for slot in schedule.slots}
    for inner in schedule.inner.values():
        starts |= starts_of(inner)
    return starts


def by_start(statements: Sequence[SpmdStatement], starts: Mapping[int, int]) -> list[SpmdStatement]:
    """By start, collectives before what is computed meanwhile, each after what it reads."""
    makers = {value: s for s in statements for value in gives_of(s)}

    def key(statement: SpmdStatement) -> tuple[int, bool]:
        collective = isinstance(statement, Move) and stream_of(statement) == "communication"
        return starts[id(statement)], not collective

    done: dict[int, SpmdStatement] = {}
    for statement in sorted(statements, key=key):
        waiting = [statement]
        while waiting:
            needed = [makers[v] for v in reads_of(waiting[-1]) if v in makers]
            missing = [maker for maker in needed if id(maker) not in done]
            if missing:
                waiting += reversed(missing)
            else:
                found = waiting.pop()
                done[id(found)] = found
    return list(done.values())


def overlapping_in(ordered: Sequence[SpmdStatement]) -> frozenset[str]:
    """The collectives after which something is computed before anything reads what they bring."""
    found: set[str] = set()
    for position, statement in enumerate(ordered):
        if not isinstance(statement, Move) or stream_of(statement) != "communication":
            continue
        for later in ordered[position + 1 :]:
            if statement.result in reads_of(later):
                break
            if isinstance(later, Loop) or _computes(later):
                found.add(statement.result)
                break
    return frozenset(found)


def _computes(statement: SpmdStatement) -> bool:
    return isinstance(statement, Compute) and OPS[statement.op.kind].work not in ("source", "free")
