"""In which order collectives are spoken of: the most exposed first."""

from __future__ import annotations

from collections.abc import Iterable

from helixc.analysis.collectives import Collective


def ranked(collectives: Iterable[Collective]) -> tuple[Collective, ...]:
    """Collectives by their exposed time in all turns, longest first.

    What is equally exposed comes by its whole time, then in program order.
    """
    return tuple(
        sorted(collectives, key=lambda c: (-exposed_picoseconds(c), -total_picoseconds(c)))
    )


def total_picoseconds(collective: Collective) -> int:
    """The time of a collective in all turns of its layer."""
    return collective.layer.turns * collective.picoseconds


def exposed_picoseconds(collective: Collective) -> int:
    """The part of that in which nothing is computed."""
    return collective.layer.turns * collective.exposed_picoseconds
