"""When the statements of a program ran on real GPUs or processes, as measured there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import attrs

from helixc.analysis.critical_path import SLICES
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement

# The repeats around a statement and their trips, outermost first.
_Around = tuple[tuple[int, int], ...]


@attrs.frozen
class Span:
    """One run of a statement, by the value that it makes: seconds since all left a barrier together."""

    value: str
    start: float
    end: float


# For each GPU, by rank, what ran, in the order in which it was started.
Timings = tuple[tuple[Span, ...], ...]


@attrs.frozen
class Turned:
    """A run of a statement and the turn of each repeat around it, which go by their scopes."""

    statement: Compute | Move
    span: Span
    number: int
    turns: tuple[tuple[int, int], ...]


def in_turns(program: Spmd, spans: Sequence[Span]) -> Iterator[Turned]:
    """Each run with the turn in which it was; ``number`` counts the runs of its statement."""
    slices = slice_count(program)
    places = dict(_places(program.body, ((SLICES, slices),) if slices > 1 else ()))
    done = Counter[str]()
    for span in spans:
        statement, around = places[span.value]
        number = done[span.value]
        yield Turned(statement, span, number, _digits(number, around))
        done[span.value] += 1


def _places(
    body: Sequence[SpmdStatement], around: _Around
) -> Iterator[tuple[str, tuple[Compute | Move, _Around]]]:
    for statement in body:
        if isinstance(statement, Loop):
            yield from _places(statement.body, (*around, (statement.scope, statement.trips)))
        elif isinstance(statement, Compute | Move):
            yield statement.result, (statement, around)


def _digits(number: int, around: _Around) -> tuple[tuple[int, int], ...]:
    """The turn of each repeat when a statement runs for the so manieth time, the innermost turning fastest."""
    turns: list[tuple[int, int]] = []
    for scope, trips in reversed(around):
        number, turn = divmod(number, trips)
        turns.append((scope, turn))
    return tuple(reversed(turns))
