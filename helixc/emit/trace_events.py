"""Events of the Trace Event Format, as timelines of a program on its GPUs are made of.

    process  = a node of the cluster
    thread   = a stream of a GPU
    X        = a bar
    s, f     = an arrow

Format: "Trace Event Format" (N. Duca, D. Sinclair, 2013).  Times are microseconds in whole nanoseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import attrs

from helixc.analysis.streams import Stream
from helixc.ir.device import group_atoms
from helixc.ir.spmd import Move, Spmd

SCHEMA = "helixc.trace/1"
Event = dict[str, Any]
# A process and a thread in it.
Lane = tuple[int, int]

_NANOSECONDS_PER_MICROSECOND = 1000
_THREADS: Mapping[Stream, int] = {"compute": 1, "communication": 2}


def trace_text(about: Mapping[str, object], events: Iterable[Event]) -> Iterator[str]:
    """The file in pieces; ``about``: what is said of the whole."""
    yield f'{{"displayTimeUnit": "ns",\n"otherData": {json.dumps(about)},\n"traceEvents": ['
    separator = "\n"
    for event in events:
        yield separator + json.dumps(event, allow_nan=False)
        separator = ",\n"
    yield "\n]}\n"


def about_program(program: Spmd) -> dict[str, object]:
    """What every trace says of its program."""
    return {
        "schema": SCHEMA,
        "model": program.name,
        "plan": program.plan.name,
        "cluster": program.cluster.name,
        "gpus": program.mesh.devices,
    }


@attrs.frozen
class Places:
    """Where the streams of some GPUs of a program are shown."""

    program: Spmd
    gpus: tuple[int, ...]

    def process(self, gpu: int) -> int:
        """The process of a GPU: its node."""
        return gpu // self.program.cluster.gpus_per_node + 1

    def lane(self, gpu: int, stream: Stream) -> Lane:
        """Process and thread of a stream."""
        return self.process(gpu), 2 * gpu + _THREADS[stream]

    def names(self) -> Iterator[Event]:
        """The names of all processes and threads."""
        nodes = {self.process(gpu): gpu for gpu in reversed(self.gpus)}
        for process, gpu in sorted(nodes.items()):
            place = self.program.cluster.place(gpu)
            name = ", ".join(f"{level} {member}" for level, member in place)
            name = name or self.program.cluster.name
            yield from named("process", (process, 0), name, process)
        for gpu in self.gpus:
            for stream in _THREADS:
                lane = self.lane(gpu, stream)
                yield from named("thread", lane, f"GPU {gpu} {stream}", lane[1])

    def neighbours(self, move: Move) -> Iterator[tuple[int, int]]:
        """From each member of a group to the next one by rank, of those that are shown."""
        atoms = group_atoms(self.program, move.step, self.program.layouts[move.source]) or ()
        shown = frozenset(self.gpus)
        for gpu in self.gpus:
            members = [member for member in self.program.mesh.group(gpu, atoms) if member in shown]
            if members[0] == gpu:
                yield from pairwise(members)


def named(what: str, lane: Lane, name: str, order: int) -> Iterator[Event]:
    """Name and place of a process or of a thread."""
    where: Event = {"ph": "M", "pid": lane[0], "tid": lane[1]}
    yield where | {"name": f"{what}_name", "args": {"name": name}}
    yield where | {"name": f"{what}_sort_index", "args": {"sort_index": order}}


def bar_event(
    lane: Lane,
    ends: tuple[int, int],
    name: str,
    details: Mapping[str, object] | None,
    category: str,
) -> Event:
    """A bar from one time to another, in nanoseconds."""
    start, end = ends
    event: Event = {"ph": "X", "pid": lane[0], "tid": lane[1], "ts": microseconds(start)}
    event |= {"dur": microseconds(end - start), "name": name, "cat": category}
    return event | ({"args": details} if details else {})


def arrow_events(
    number: int, source: tuple[Lane, int], target: tuple[Lane, int]
) -> Iterator[Event]:
    """An arrow from a bar to another, each found by its lane and a time in it, in nanoseconds."""
    for phase, (lane, time) in (("s", source), ("f", target)):
        event: Event = {"ph": phase, "id": number, "pid": lane[0], "tid": lane[1]}
        event |= {"ts": microseconds(time), "name": "same collective", "cat": "group"}
        yield event | ({"bp": "e"} if phase == "f" else {})


def microseconds(nanoseconds: int) -> float:
    """A time as the format has it."""
    return nanoseconds / _NANOSECONDS_PER_MICROSECOND
