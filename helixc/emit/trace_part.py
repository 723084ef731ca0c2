"""Which part of a timeline a trace tells, so that it does not grow with GPUs and turns beyond a bound."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.analysis.schedule import Schedule
from helixc.analysis.timeline import Kept, count_runs, every_turn, first_and_last
from helixc.emit.wording import gpus_text
from helixc.ir.spmd import Spmd

# A run is a bar and a point of the memory curve; a collective two ends of an arrow beside these.
_EVENTS_PER_RUN = 2
_EVENTS_PER_COLLECTIVE = 4


@attrs.frozen(kw_only=True)
class Part:
    """The GPUs and the turns that are told; ``folded`` says what stands for what, "" if all are."""

    gpus: tuple[int, ...]
    kept: Kept
    folded: str = ""


def choose_part(
    program: Spmd, schedule: Schedule, gpus: tuple[int, ...] | None, budget: int
) -> Part:
    """The first of ever smaller parts that has at most ``budget`` events, else the smallest."""
    asked = tuple(range(program.mesh.devices)) if gpus is None else gpus
    parts = tuple(_parts(program, asked))
    small = (part for part in parts if count_events(program, schedule, part) <= budget)
    return next(small, parts[-1])


def _parts(program: Spmd, asked: tuple[int, ...]) -> Iterator[Part]:
    """All, one node, one GPU, one GPU with some turns."""
    yield Part(gpus=asked, kept=every_turn)
    inside = program.cluster.gpus_per_node
    node = tuple(gpu for gpu in asked if gpu // inside == asked[0] // inside)
    text = f"folded: GPUs {gpus_text(node)} are shown, the others do the same at the same times"
    yield Part(gpus=node, kept=every_turn, folded=text)
    one = f"folded: GPU {asked[0]} is shown, the others do the same at the same times"
    yield Part(gpus=asked[:1], kept=every_turn, folded=one)
    turns = "of each repeat the first two turns and the last are shown, the others do the same"
    yield Part(gpus=asked[:1], kept=first_and_last, folded=f"{one}; {turns}")


def count_events(program: Spmd, schedule: Schedule, part: Part) -> int:
    """About how many events a part has."""
    runs = count_runs(program, schedule, part.kept)
    each = _EVENTS_PER_RUN * runs["compute"] + _EVENTS_PER_COLLECTIVE * runs["communication"]
    return each * len(part.gpus)
