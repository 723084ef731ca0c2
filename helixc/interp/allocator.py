"""Runs the tasks of all GPUs along the schedule and counts the bytes alive on each GPU meanwhile.

A task's buffer is there from the task's start; it goes, and the block with it, when the last task that reads
it, or a view of it, has ended.  So a block that is given up too early is missing, and the peaks found here
are those of an execution, not of an analysis: readers are known from the edges alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.analysis.buffers import send_bytes
from helixc.analysis.schedule import find_schedule
from helixc.analysis.uses import is_view
from helixc.interp.domain import REALS, Domain
from helixc.interp.logical import Supply
from helixc.interp.site import Array
from helixc.interp.tasks import TaskRun
from helixc.ir.device import DeviceProgram, Task
from helixc.ir.slices import kept_times
from helixc.ir.sources import SourceFinder
from helixc.ir.spmd import Loop, Move
from helixc.ir.tensor import DTYPE_BITS

# What a task holds on one GPU.
_Held = tuple[int, int]


@attrs.frozen
class Usage:
    """Bytes of each GPU: what it keeps, and the most that was alive besides at one moment."""

    kept: tuple[int, ...]
    peak: tuple[int, ...]


def run_counting(program: DeviceProgram, supply: Supply, domain: Domain = REALS) -> Usage:
    """Run a program along its schedule.  All GPUs and turns must be expanded."""
    counter = _Counter(TaskRun(program, supply, domain))
    for task, begins in _task_moments(program):
        if begins:
            counter.begin(task)
        else:
            counter.end(task)
    return counter.usage()


def _task_moments(program: DeviceProgram) -> Iterator[tuple[Task, bool]]:
    """Every task when it begins and when it ends, those of all GPUs side by side."""
    tasks: dict[tuple[str, tuple[int, ...]], list[Task]] = {}
    for number in range(program.tasks):
        task = program.task(number)
        tasks.setdefault((task.template.value, task.turns), []).append(task)
    for moment in find_schedule(program.program).moments(lambda loop: range(loop.trips)):
        if not isinstance(moment.statement, Loop):
            for task in tasks[moment.statement.result, moment.turns]:
                yield task, moment.begins


class _Counter:
    """The buffers of all GPUs while tasks begin and end."""

    def __init__(self, run: TaskRun) -> None:
        self._run = run
        self._program = run.program
        gpus = range(run.program.program.mesh.devices)
        self._kept = dict.fromkeys(gpus, 0)
        self._alive = dict.fromkeys(gpus, 0)
        self._peak = dict.fromkeys(gpus, 0)
        # Readers that have not ended, of what each task holds on each GPU.
        self._readers: dict[_Held, int] = {}
        # The buffer that it shows, that buffer's size, and how many show it.
        self._buffer: dict[_Held, _Held] = {}
        self._size: dict[_Held, int] = {}
        self._shown: dict[_Held, int] = {}
        self._sent: dict[int, int] = {}
        self._count_readers()

    def begin(self, task: Task) -> None:
        """A task starts: its buffers are there."""
        blocks = self._run.run(task)
        self._run.done[task.id] = blocks
        for gpu, block in blocks.items():
            self._hold(task, gpu, block)
        if isinstance(task.template.statement, Move):
            self._sent[task.id] = self._packed(task)
            self._add(task.gpus, self._sent[task.id])

    def end(self, task: Task) -> None:
        """A task ends: what only it still read is given up, and what nobody will read."""
        self._add(task.gpus, -self._sent.pop(task.id, 0))
        for gpu in task.gpus:
            for edge in task.after:
                source = (edge.task, gpu)
                if source in self._readers:
                    self._readers[source] -= 1
                    self._give_up(source)
            self._give_up((task.id, gpu))

    def usage(self) -> Usage:
        """What was counted."""
        return Usage(tuple(self._kept.values()), tuple(self._peak.values()))

    def _count_readers(self) -> None:
        for number in range(self._program.tasks):
            task = self._program.task(number)
            for gpu in task.gpus:
                self._readers.setdefault((number, gpu), 0)
                for edge in task.after:
                    if (edge.task, gpu) in self._readers:
                        self._readers[edge.task, gpu] += 1
        for number in self._outputs():
            for gpu in self._program.task(number).gpus:
                self._readers[number, gpu] += 1

    def _outputs(self) -> Iterator[int]:
        """The tasks whose values the program yields: they are kept."""
        finder = SourceFinder(self._program.program, self._program.templates)
        for output in self._program.program.outputs:
            template, turns = finder.source_of(output.value)
            for number in range(self._program.tasks):
                task = self._program.task(number)
                if task.template is self._program.templates[template] and task.turns == turns:
                    yield number

    def _hold(self, task: Task, gpu: int, block: Array) -> None:
        held = (task.id, gpu)
        statement = task.template.statement
        if is_view(statement):
            source = next(
                e.task for e in task.after if not e.operand and (e.task, gpu) in self._buffer
            )
            self._buffer[held] = self._buffer[source, gpu]
        else:
            self._buffer[held] = held
            self._size[held] = self._bytes(task, block, gpu)
            self._add((gpu,), self._size[held])
        buffer = self._buffer[held]
        self._shown[buffer] = self._shown.get(buffer, 0) + 1

    def _bytes(self, task: Task, block: Array, gpu: int) -> int:
        """The size of a new buffer; what is kept is counted apart, for it stays."""
        value = task.template.value
        size = _size(block, self._program.program.types[value].dtype)
        if value in self._program.program.stored:
            self._kept[gpu] += size * kept_times(
                self._program.program, task.template.statement.type
            )
            return 0
        return size

    def _packed(self, task: Task) -> int:
        """What a collective packs to send, on each of its GPUs."""
        statement = task.template.statement
        if not isinstance(statement, Move):
            return 0
        source, gpu = task.after[0].task, task.gpus[0]
        block = next(
            self._run.done[e.task][gpu] for e in task.after if gpu in self._run.done[e.task]
        )
        dtype = self._program.program.types[self._program.task(source).template.value].dtype
        return send_bytes(statement.step, _size(block, dtype))

    def _give_up(self, held: _Held) -> None:
        if held not in self._buffer or self._readers[held]:
            return
        task, gpu = held
        buffer = self._buffer.pop(held)
        del self._run.done[task][gpu]
        self._shown[buffer] -= 1
        if not self._shown[buffer]:
            self._add((gpu,), -self._size[buffer])

    def _add(self, gpus: tuple[int, ...], size: int) -> None:
        for gpu in gpus:
            self._alive[gpu] += size
            self._peak[gpu] = max(self._peak[gpu], self._alive[gpu])


def _size(block: Array, dtype: str) -> int:
    return (block.size * DTYPE_BITS[dtype] + 7) // 8
