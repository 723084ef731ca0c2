"""The dearer ways that were passed over for a collective, as whole programs that can be had.

Each costs a few more runs of the choice, so only the readers of the dearest moves are asked about.
"""

from __future__ import annotations

from helixc.analysis.collectives import Alternative, Alternatives
from helixc.choice.alternatives import OtherWay, OtherWays
from helixc.choice.planning import plan_layouts
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Move, Spmd, walk

# Operators for which other ways are looked for.
MOST_READERS = 16


def passed_over(chosen_from: Logical, program: Spmd) -> Alternatives:
    """What else could have been done for a move of ``program``, partitioned from ``chosen_from``.

    An operator that reads several moved values has the same alternatives for each of them.
    """
    ways = OtherWays(chosen_from, plan_layouts(chosen_from, Findings()))
    dearest = _dearest_readers(program)
    known: dict[str, tuple[Alternative, ...]] = {}

    def find(move: Move) -> tuple[Alternative, ...]:
        reader = move.why.reader
        if reader not in dearest:
            return ()
        if reader not in known:
            known[reader] = alternatives_of(reader, ways, program)
        return known[reader]

    return find


def alternatives_of(reader: str, ways: OtherWays, program: Spmd) -> tuple[Alternative, ...]:
    """The best whole programs in which one operator goes another way."""
    return tuple(_row(other, slice_count(program)) for other in ways.of(reader))


def _dearest_readers(program: Spmd) -> frozenset[str]:
    prices: dict[str, int] = {}
    for statement in walk(program.body):
        if isinstance(statement, Move) and statement.why.reader:
            reader = statement.why.reader
            prices[reader] = prices.get(reader, 0) + statement.picoseconds
    ranked = sorted(prices, key=lambda reader: -prices[reader])
    return frozenset(ranked[:MOST_READERS])


def _row(other: OtherWay, runs: int) -> Alternative:
    return Alternative(
        how=other.how,
        bytes_per_gpu=runs * other.bytes_per_gpu,
        picoseconds=runs * other.picoseconds,
        scope="program",
    )
