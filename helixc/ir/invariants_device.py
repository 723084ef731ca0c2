"""Facts about the tasks of every GPU: their rows, their members, their edges and their order.

Whatever can be is checked in whole columns, and without the code that made the columns.  Facts beyond
``every-task-has-origin`` stay silent on a program whose rows cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from helixc.diagnostics import Diagnostic
from helixc.ir.device import EVERYTHING, UNSCHEDULED, DeviceProgram, Template
from helixc.ir.device_origins import expected_sources
from helixc.ir.fact import AnyInvariant, Invariant
from helixc.ir.invariants import COMMUNICATED_FACTS, FACTS
from helixc.ir.invariants_shapes import LOCAL_SHAPES

Column = NDArray[np.integer]
Mask = NDArray[np.bool_]

# Findings of one sort that are reported; the others are of the same making.
MOST_SHOWN = 20


def _found(code: str, wrong: Mask, message: Callable[[int], str]) -> Iterator[Diagnostic]:
    """A finding for each of the first wrong rows."""
    for row in np.flatnonzero(wrong)[:MOST_SHOWN]:
        yield Diagnostic(code, message(int(row)))


def _repeated(rows: Column) -> Mask:
    """Which entries of a few columns stand there for a second time."""
    _, first = np.unique(rows, axis=1, return_index=True)
    again = np.ones(rows.shape[1], dtype=bool)
    again[first] = False
    return again


# --- rows


def _origins(program: DeviceProgram) -> Iterator[Diagnostic]:
    unsound = [f for fact in COMMUNICATED_FACTS for f in fact.check(program.program)]
    yield from unsound
    if unsound:
        return
    yield from _check_columns(program)
    yield from _check_edges(program)


def _readable(program: DeviceProgram) -> bool:
    return not any(True for _ in _origins(program))


def _check_columns(program: DeviceProgram) -> Iterator[Diagnostic]:
    tasks = program.tasks
    lengths = {len(program.turn), len(program.gpu), len(program.order), len(program.start) - 1}
    if lengths != {tasks}:
        yield Diagnostic("HX0660", f"the columns of {tasks} tasks have other lengths")
        return
    kinds = len(program.templates)
    unknown = (program.template < 0) | (program.template >= kinds)
    yield from _found("HX0660", unknown, lambda row: f"task {row} comes from no statement")
    if unknown.any():
        return
    late = (program.turn < 0) | (program.turn >= _turn_counts(program)[program.template])
    yield from _found("HX0660", late, lambda row: f"task {row} has a turn that does not exist")
    gpus = program.program.mesh.devices
    outside = (program.gpu < 0) | (program.gpu >= gpus)
    yield from _found("HX0660", outside, lambda row: f"task {row} runs on a GPU outside the mesh")
    again = _repeated(np.stack([program.template, program.turn, program.gpu]))
    yield from _found("HX0660", again, lambda row: f"task {row} is there twice")


def _check_edges(program: DeviceProgram) -> Iterator[Diagnostic]:
    start, after = program.start, program.after
    sound = len(start) > 0 and start[0] == 0 and start[-1] == len(after)
    if not sound or bool((np.diff(start) < 0).any()) or len(program.operand) != len(after):
        yield Diagnostic("HX0660", "the edges do not belong to the tasks")
        return
    outside = (after < 0) | (after >= program.tasks)
    yield from _found("HX0660", outside, lambda edge: f"edge {edge} comes from no task")


def _turn_counts(program: DeviceProgram) -> NDArray[np.int64]:
    """Turns of each template, through all loops around it; beyond a column's reach it is cut off."""
    counts: list[int] = []
    for template in program.templates:
        turns = 1
        for loop in template.loops:
            turns *= loop.trips
        counts.append(min(turns, 2**31))
    return np.asarray(counts, dtype=np.int64)


# --- members


def _members(program: DeviceProgram) -> Iterator[Diagnostic]:
    if not _readable(program):
        return
    for index, template in enumerate(program.templates):
        mine = np.flatnonzero(program.template == index)
        leads = program.gpu[mine]
        wrong = _without(program, leads, template.atoms or ()) != leads
        for row in mine[wrong][:MOST_SHOWN]:
            message = f"task {row} (%{template.value}) is named after a GPU that does not lead it"
            yield Diagnostic("HX0661", message)
        if program.selection == EVERYTHING:
            yield from _check_cover(program, index, template, program.turn[mine])


def _check_cover(
    program: DeviceProgram, index: int, template: Template, turns: Column
) -> Iterator[Diagnostic]:
    """Every turn has as many tasks as it takes for every GPU to take part once."""
    mesh = program.program.mesh
    places = mesh.devices // mesh.ways(template.atoms or ())
    counts = np.bincount(turns, minlength=int(_turn_counts(program)[index]))
    missing = counts != places
    for turn in np.flatnonzero(missing)[:MOST_SHOWN]:
        found = f"%{template.value} has {counts[turn]} tasks in turn {turn}"
        yield Diagnostic("HX0661", f"{found}, but {places} cover the mesh")


def _without(program: DeviceProgram, gpus: Column, atoms: tuple[str, ...]) -> NDArray[np.int64]:
    """GPU numbers with their coordinates along some atoms set to 0."""
    mesh = program.program.mesh
    leads = gpus.astype(np.int64)
    for atom in atoms:
        stride, size = mesh.strides[atom], mesh.sizes[atom]
        leads -= leads // stride % size * stride
    return leads


# --- edges


def _matched(program: DeviceProgram) -> Iterator[Diagnostic]:
    if not _readable(program):
        return
    readers = _readers(program)
    counts = np.asarray([len(t.reads) for t in program.templates], dtype=np.int64)
    outside = program.operand.astype(np.int64) >= counts[program.template[readers]]
    outside |= program.operand < 0
    yield from _found("HX0662", outside, lambda edge: f"task {readers[edge]} has no such operand")
    if outside.any():
        return
    wrong = ~expected_sources(program, readers)
    yield from _found("HX0662", wrong, lambda edge: _strange(program, readers, edge))
    rows = np.stack([readers, program.operand, program.after])
    again = _repeated(rows)
    yield from _found("HX0662", again, lambda edge: f"task {readers[edge]} reads one task twice")
    yield from _check_meeting(program, readers)
    if program.selection == EVERYTHING:
        yield from _check_complete(program, readers)


def _strange(program: DeviceProgram, readers: Column, edge: int) -> str:
    return f"task {readers[edge]} reads from task {program.after[edge]}, which does not make it"


def _readers(program: DeviceProgram) -> NDArray[np.int64]:
    """The task that each edge leads into."""
    return np.repeat(np.arange(program.tasks), np.diff(program.start))


def _pairs(program: DeviceProgram, readers: Column) -> Iterator[tuple[Template, Template, Column]]:
    """Reader and source template of all edges, with the edges between the two."""
    kinds = len(program.templates)
    codes = program.template[readers].astype(np.int64) * kinds + program.template[program.after]
    for code in np.unique(codes):
        reader, source = divmod(int(code), kinds)
        edges = np.flatnonzero(codes == code)
        yield program.templates[reader], program.templates[source], edges


def _check_meeting(program: DeviceProgram, readers: Column) -> Iterator[Diagnostic]:
    """The two tasks of an edge have a GPU in common: nothing is read from afar."""
    for reader, source, edges in _pairs(program, readers):
        atoms = tuple(dict.fromkeys((*(reader.atoms or ()), *(source.atoms or ()))))
        into = _without(program, program.gpu[readers[edges]], atoms)
        out_of = _without(program, program.gpu[program.after[edges]], atoms)
        for edge in edges[into != out_of][:MOST_SHOWN]:
            message = f"task {readers[edge]} reads from task {program.after[edge]}"
            yield Diagnostic("HX0662", f"{message} on another GPU")


def _check_complete(program: DeviceProgram, readers: Column) -> Iterator[Diagnostic]:
    """Each member of a task gets each operand exactly once."""
    most = max((len(t.reads) for t in program.templates), default=0)
    given = np.zeros((program.tasks, most), dtype=np.int64)
    for reader, source, edges in _pairs(program, readers):
        common = tuple(atom for atom in reader.atoms or () if atom in (source.atoms or ()))
        shared = program.program.mesh.ways(common)
        np.add.at(given, (readers[edges], program.operand[edges]), shared)
    needed = np.zeros((len(program.templates), most), dtype=np.int64)
    for index, template in enumerate(program.templates):
        needed[index, : len(template.reads)] = program.program.mesh.ways(template.atoms or ())
    wrong = (given != needed[program.template]).any(axis=1)
    yield from _found("HX0662", wrong, lambda row: f"task {row} does not get each operand once")


# --- order


def _acyclic(program: DeviceProgram) -> Iterator[Diagnostic]:
    if not _readable(program):
        return
    readers = _readers(program)
    if bool((program.after < readers).all()):
        return
    left = _left_waiting(program, readers)
    if left:
        yield Diagnostic("HX0663", f"{left} tasks wait for each other")


def _left_waiting(program: DeviceProgram, readers: Column) -> int:
    """Tasks that never become ready, however long one waits."""
    missing = np.bincount(readers, minlength=program.tasks)
    by_source = np.argsort(program.after, kind="stable")
    starts = np.searchsorted(program.after[by_source], np.arange(program.tasks + 1))
    ready, done = np.flatnonzero(missing == 0), 0
    while len(ready):
        done += len(ready)
        leaving = np.concatenate([by_source[starts[task] : starts[task + 1]] for task in ready])
        np.subtract.at(missing, readers[leaving], 1)
        reached = np.unique(readers[leaving])
        ready = reached[missing[reached] == 0]
    return program.tasks - done


def _same_order(program: DeviceProgram) -> Iterator[Diagnostic]:
    """One order for all GPUs, along the edges: so each group meets its collectives alike."""
    if not _readable(program):
        return
    order = program.order
    if bool((np.sort(order) != np.arange(program.tasks)).any()):
        unscheduled = int((order == UNSCHEDULED).sum())
        message = f"the order does not number the tasks: {unscheduled} have no place"
        yield Diagnostic("HX0664", message)
        return
    readers = _readers(program)
    early = order[program.after] >= order[readers]
    yield from _found("HX0664", early, lambda edge: _too_early(program, readers, edge))


def _too_early(program: DeviceProgram, readers: Column, edge: int) -> str:
    return f"task {readers[edge]} comes before task {program.after[edge]}, from which it reads"


EVERY_TASK_HAS_ORIGIN = Invariant("every-task-has-origin", DeviceProgram, _origins)
MEMBERS = Invariant("members", DeviceProgram, _members)
MATCHED = Invariant("matched", DeviceProgram, _matched)
ACYCLIC = Invariant("acyclic", DeviceProgram, _acyclic)
SAME_COLLECTIVE_ORDER = Invariant("same-collective-order", DeviceProgram, _same_order)


# What holds from localize on, and from schedule on.
LOCALIZED_FACTS: tuple[AnyInvariant, ...] = (
    EVERY_TASK_HAS_ORIGIN,
    LOCAL_SHAPES,
    MEMBERS,
    MATCHED,
    ACYCLIC,
)
SCHEDULED_FACTS: tuple[AnyInvariant, ...] = (*LOCALIZED_FACTS, SAME_COLLECTIVE_ORDER)

# What is rechecked on a program of any level whose history is not known, such as one read from a dump.
ALL_FACTS: Mapping[type[object], tuple[AnyInvariant, ...]] = {
    **FACTS,
    DeviceProgram: LOCALIZED_FACTS,
}
