"""Runs the device level: task by task, in any order that the edges allow.

Every task is one GPU's (or one group's) share of a statement and sees nothing but the blocks that its edges
bring.  So a missing edge is a missing block, and a result that depends on the order shows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence

import attrs
import numpy as np

from helixc.interp.blocks import scatter
from helixc.interp.collectives import run_step
from helixc.interp.devices import Devices
from helixc.interp.domain import REALS, Domain
from helixc.interp.logical import Supply, Trace, Turns
from helixc.interp.site import Array, align
from helixc.interp.spmd import ExecutionError, site_on_gpus
from helixc.ir.device import DeviceProgram, Task
from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Move

# The blocks that a task left behind, by GPU; each with one lane.
Blocks = dict[int, Array]


def order_by(program: DeviceProgram, priority: Sequence[float]) -> list[int]:
    """Tasks in the order in which one after the other they can run, the least priority first."""
    readers: dict[int, list[int]] = {}
    for task in range(program.tasks):
        for source in program.after[program.start[task] : program.start[task + 1]].tolist():
            readers.setdefault(source, []).append(task)
    missing = np.diff(program.start).tolist()
    ready = [(priority[task], task) for task in range(program.tasks) if not missing[task]]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, task = heapq.heappop(ready)
        order.append(task)
        for reader in readers.get(task, ()):
            missing[reader] -= 1
            if not missing[reader]:
                heapq.heappush(ready, (priority[reader], reader))
    if len(order) < program.tasks:
        raise ExecutionError(program.program.name, "tasks wait for each other")
    return order


def shuffled(program: DeviceProgram, seed: int) -> list[int]:
    """A random legal order."""
    return order_by(program, np.random.default_rng(seed).random(program.tasks).tolist())


def last_first(program: DeviceProgram) -> list[int]:
    """The legal order that always takes the task that stands last in the program."""
    return order_by(program, [-float(task) for task in range(program.tasks)])


def ahead(program: DeviceProgram, gpu: int) -> list[int]:
    """The legal order in which one GPU runs as far ahead of the others as it can."""
    mine = {task.id for task in program.of_gpu(gpu)}
    return order_by(program, [0.0 if task in mine else 1.0 for task in range(program.tasks)])


def run_tasks(
    program: DeviceProgram, supply: Supply, order: Iterable[int], domain: Domain = REALS
) -> Trace:
    """Every value's blocks, as ``run_spmd`` gives them.  All GPUs and turns must be expanded.

    Raises ``ExecutionError`` for an order that runs a task before what it reads, and for an edge that
    is missing.
    """
    run = TaskRun(program, supply, domain)
    with np.errstate(all="ignore"):
        for number in order:
            task = program.task(number)
            try:
                run.done[number] = run.run(task)
            except (ValueError, LookupError, TypeError) as error:
                raise ExecutionError(task.template.value, str(error)) from error
    return run.trace()


@attrs.frozen(eq=False)
class TaskRun:
    """Runs single tasks on what the tasks before them left in ``done``."""

    program: DeviceProgram
    supply: Supply
    domain: Domain
    done: dict[int, Blocks] = attrs.Factory(dict[int, Blocks])
    # Sources are cut once for all GPUs.
    sources: dict[tuple[str, Turns], Array] = attrs.Factory(dict[tuple[str, Turns], Array])

    def run(self, task: Task) -> Blocks:
        """The blocks that a task yields, by GPU."""
        statement = task.template.statement
        if isinstance(statement, Move):
            return self._move(task, statement)
        (gpu,) = task.gpus
        return {gpu: self._compute(task, statement, gpu)}

    def _read(self, task: Task, operand: int, gpu: int) -> Array:
        """The block of one operand on one GPU, axes as the statement reads them."""
        types = self.program.program.types
        name = task.template.reads[operand]
        for edge in task.after:
            if edge.operand == operand and gpu in self.done[edge.task]:
                return align(self.done[edge.task][gpu], types[edge.value].dims, types[name].dims)
        raise LookupError(f"no edge brings {name} to GPU {gpu}")

    def _move(self, task: Task, move: Move) -> Blocks:
        spmd = self.program.program
        blocks = np.concatenate([self._read(task, 0, gpu) for gpu in task.gpus])
        before = spmd.types[move.source].dims
        ordered = align(blocks, before, move.type.dims)
        devices = Devices(spmd.mesh, task.gpus)
        layout = spmd.layouts[move.source]
        moved = self.domain.settle(run_step(ordered, move.type.dims, layout, move.step, devices))
        return {gpu: moved[place : place + 1] for place, gpu in enumerate(task.gpus)}

    def _compute(self, task: Task, compute: Compute, gpu: int) -> Array:
        op = compute.op
        if OPS[op.kind].work == "source":
            return self._source(compute, task.turns)[gpu : gpu + 1]
        reads = task.template.reads
        operands = tuple(
            self._read(task, reads.index(o), gpu)
            if isinstance(o, str)
            else self.domain.number(o.value)
            for o in op.operands
        )
        spmd = self.program.program
        site = site_on_gpus(spmd, compute, Devices(spmd.mesh, (gpu,)))
        return self.domain.settle(self.domain.meanings[op.kind](site, operands))

    def _source(self, compute: Compute, turns: Turns) -> Array:
        key = (compute.result, turns)
        if key not in self.sources:
            whole = self.supply(compute.op, turns)
            mesh = self.program.program.mesh
            self.sources[key] = scatter(whole, compute.op.type.dims, compute.layout, mesh)
        return self.sources[key]

    def trace(self) -> Trace:
        """All blocks by value and turn, GPUs in their order."""
        found: dict[tuple[str, Turns], Blocks] = {}
        for number, blocks in sorted(self.done.items()):
            task = self.program.task(number)
            found.setdefault((task.template.value, task.turns), {}).update(blocks)
        trace = Trace()
        for (name, turns), blocks in found.items():
            trace.record(name, turns, np.concatenate(list(_in_order(blocks))))
        return trace


def _in_order(blocks: Blocks) -> Iterator[Array]:
    for gpu in sorted(blocks):
        yield blocks[gpu]
