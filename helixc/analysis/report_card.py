"""What stands first of a program's analysis, in few words: for the card of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helixc.analysis.collectives import Collective
from helixc.analysis.critical_path import CriticalPath
from helixc.analysis.memory import Memory
from helixc.analysis.numbers_text import byte_text, interval_text, seconds_text
from helixc.analysis.ranking import ranked
from helixc.card import Listing
from helixc.ir.hardware import Cluster
from helixc.ir.mesh import Axis

Fact = tuple[str, str]


def headline(model: str, plan: str, mesh: Iterable[Axis], cluster: Cluster) -> str:
    """What was compiled: ``helix, plan megatron on two_nodes (tp 16)``."""
    axes = " x ".join(f"{axis.name} {axis.size}" for axis in mesh) or "one GPU"
    return f"{model}, plan {plan} on {cluster.name} ({axes})"


def time_facts(path: CriticalPath) -> Iterator[Fact]:
    """How long a step takes, and what the time goes into."""
    yield "time of a step", interval_text(path.picoseconds, path.low, path.high)
    yield "computing", _share(path.compute_picoseconds, path)
    yield "communicating", _share(path.communication_picoseconds, path)
    yield "... while nothing is computed", _share(path.exposed_picoseconds, path)


def memory_fact(memory: Memory) -> Fact:
    """What a GPU must hold, and whether it can."""
    verdict = "fits" if memory.fits else "does not fit"
    needed, capacity = byte_text(memory.needed_bytes), byte_text(memory.capacity_bytes)
    return "memory of a GPU", f"{needed} of {capacity}: {verdict}"


def collective_table(collectives: Iterable[Collective]) -> Listing:
    """The collectives, those first that keep a GPU waiting longest."""
    return Listing(
        columns=("collective", "of", "in", "received per GPU", "time", "... exposed"),
        rows=[_row(one) for one in ranked(tuple(collectives))],
        where='report.to_dict()["collectives"]',
    )


def _row(one: Collective) -> tuple[str, ...]:
    turns = one.layer.turns
    where = f"{one.layer.title}, {turns} turns" if turns > 1 else one.layer.title
    return (
        one.kind.replace("_", "-"),
        one.value,
        where,
        byte_text(turns * one.bytes_per_gpu),
        seconds_text(turns * one.picoseconds),
        seconds_text(turns * one.exposed_picoseconds),
    )


def _share(part: int, path: CriticalPath) -> str:
    whole = path.picoseconds
    return f"{seconds_text(part)} ({100 * part / whole:.1f} %)" if whole else seconds_text(part)
