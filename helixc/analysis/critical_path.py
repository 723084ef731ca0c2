"""The longest path through the program, as steps and as a sum of symbolic terms.

All GPUs run the same program, so one stands for all.  It has two streams, one that computes and one
that communicates; each takes its statements in program order, and a statement starts when its stream
is free and its operands are there.  What depends on each other therefore adds up, and only what really
runs side by side hides behind the longer of the two.  A turn of a repeat starts when the one before it
is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import attrs

from helixc.analysis.collectives import kind_of, move_bytes, step_atoms, step_name
from helixc.analysis.local_compute import ComputeTime, local_compute, roofline_picoseconds
from helixc.analysis.names import value_names
from helixc.analysis.numbers_text import byte_text
from helixc.diagnostics import CompilerBug
from helixc.ir.ops import OPS
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement
from helixc.price.shapes import matmul_shape

Stream = Literal["compute", "communication"]


@attrs.frozen(kw_only=True)
class PathStep:
    """One statement on the path; ``term`` is its time, symbolically."""

    value: str
    name: str
    kind: str
    stream: Stream
    term: str
    picoseconds: int


@attrs.frozen(kw_only=True)
class PathLoop:
    """A repeat on the path: the path of one turn, ``trips`` times over."""

    scope: int
    trips: int
    steps: tuple[Step, ...]

    @property
    def picoseconds(self) -> int:
        """Time of all turns."""
        return self.trips * sum(step.picoseconds for step in self.steps)


Step = PathStep | PathLoop

# In place of a scope: the loop over the slices of a step, around everything else.
SLICES = -1


@attrs.frozen(kw_only=True)
class CriticalPath:
    """The path, and the time that each stream is busy with all it does, on the path or beside it."""

    steps: tuple[Step, ...]
    compute_picoseconds: int
    communication_picoseconds: int

    @property
    def picoseconds(self) -> int:
        """Length of the path: the time of the program."""
        return sum(step.picoseconds for step in self.steps)

    @property
    def busy_picoseconds(self) -> int:
        """All work and communication one after the other: what the choice makes least."""
        return self.compute_picoseconds + self.communication_picoseconds

    @property
    def hidden_picoseconds(self) -> int:
        """Busy time beside the path."""
        return self.busy_picoseconds - self.picoseconds

    @property
    def expression(self) -> str:
        """The path as a sum: ``2 x (3 x Get_Time(10240000, 8192, 512) + All_Reduce(..) + ..)``."""
        return expression_of(self.steps)


def find_critical_path(
    program: Spmd, compute_time: ComputeTime = roofline_picoseconds
) -> CriticalPath:
    """The longest path of a program; ``compute_time`` gives the time of one operator on one GPU."""
    timing, slices = _Timing(program, compute_time), slice_count(program)
    return CriticalPath(
        steps=_in_slices(timing.path(program.body), slices),
        compute_picoseconds=slices * timing.busy(program.body, "compute"),
        communication_picoseconds=slices * timing.busy(program.body, "communication"),
    )


def _in_slices(steps: tuple[Step, ...], slices: int) -> tuple[Step, ...]:
    """The path of a step out of that of a slice: a slice starts when the one before it is done."""
    return steps if slices == 1 else (PathLoop(scope=SLICES, trips=slices, steps=steps),)


def expression_of(
    steps: tuple[Step, ...],
    keep: Callable[[PathStep], bool] | None = None,
    once: tuple[int, ...] = (),
) -> str:
    """A sum of terms, equal ones counted, in order of first appearance; "0" if nothing takes time.

    ``keep`` selects the steps that count; of the repeats ``once`` one turn counts.
    """
    counts: dict[str, int] = {}
    _count_terms(steps, keep, once, counts)
    terms = [_times(term, count) for term, count in counts.items() if count]
    return " + ".join(terms) or "0"


def _count_terms(
    steps: tuple[Step, ...],
    keep: Callable[[PathStep], bool] | None,
    once: tuple[int, ...],
    counts: dict[str, int],
) -> None:
    for step in steps:
        if isinstance(step, PathStep):
            if keep is None or keep(step):
                counts[step.term] = counts.get(step.term, 0) + 1
        elif step.scope in once:
            _count_terms(step.steps, keep, once, counts)
        else:
            term = f"({expression_of(step.steps, keep, once)})"
            if term != "(0)":
                counts[term] = counts.get(term, 0) + step.trips


def flat_steps(steps: tuple[Step, ...], times: int = 1) -> Iterator[tuple[PathStep, int]]:
    """The steps without their loops, each with how often it runs."""
    for step in steps:
        if isinstance(step, PathLoop):
            yield from flat_steps(step.steps, times * step.trips)
        else:
            yield step, times


def _times(term: str, count: int) -> str:
    if count == 1:
        return term.removeprefix("(").removesuffix(")") if term.startswith("(") else term
    return f"{count} x {term}"


@attrs.frozen
class _Task:
    """A step with its end, and the task that it waited for longest (-1: none)."""

    step: Step
    end: int
    waited_for: int


class _Streams:
    """The two streams of one GPU while they run a body."""

    def __init__(self) -> None:
        self._tasks: list[_Task] = []
        self._ready: dict[str, int] = {}
        self._last: dict[Stream, int] = {"compute": -1, "communication": -1}

    def run(self, step: PathStep, reads: Iterable[str]) -> None:
        """Start a statement as soon as its stream is free and what it reads is there."""
        waits = [self._ready.get(value, -1) for value in reads]
        if step.picoseconds:
            latest = self._append(step, [*waits, self._last[step.stream]])
            self._last[step.stream] = latest
        else:
            latest = self._latest(waits)
        self._ready[step.value] = latest

    def run_alone(self, step: PathLoop, results: Iterable[str]) -> None:
        """Start a repeat when both streams are free; both wait for its end."""
        latest = self._append(step, self._last.values())
        self._last = {"compute": latest, "communication": latest}
        self._ready.update((value, latest) for value in results)

    def path(self) -> tuple[Step, ...]:
        """The chain of steps that ends last, each waiting for the one before."""
        chain: list[Step] = []
        task = self._latest(range(len(self._tasks)))
        while task >= 0:
            chain.append(self._tasks[task].step)
            task = self._tasks[task].waited_for
        return tuple(reversed(chain))

    def _append(self, step: Step, waits: Iterable[int]) -> int:
        latest = self._latest(waits)
        self._tasks.append(_Task(step, self._end(latest) + step.picoseconds, latest))
        return len(self._tasks) - 1

    def _latest(self, tasks: Iterable[int]) -> int:
        return max(tasks, key=self._end, default=-1)

    def _end(self, task: int) -> int:
        return self._tasks[task].end if task >= 0 else 0


class _Timing:
    """The program with what each of its statements costs."""

    def __init__(self, program: Spmd, compute_time: ComputeTime) -> None:
        self._program = program
        self._compute_time = compute_time
        self._names = value_names(program)
        self._steps: dict[str, PathStep] = {}

    def path(self, body: tuple[SpmdStatement, ...]) -> tuple[Step, ...]:
        """The longest path of a body, whose operands from outside are all there at its start."""
        streams = _Streams()
        for statement in body:
            match statement:
                case Loop():
                    steps = self.path(statement.body)
                    step = PathLoop(scope=statement.scope, trips=statement.trips, steps=steps)
                    streams.run_alone(step, [value.result for value in statement.carried])
                case Compute():
                    streams.run(self.step(statement), statement.op.reads)
                case Move() | Reshard():
                    streams.run(self.step(statement), [statement.source])
        return streams.path()

    def busy(self, body: tuple[SpmdStatement, ...], stream: Stream) -> int:
        """The time that a stream works on a body, all turns included."""
        total = 0
        for statement in body:
            if isinstance(statement, Loop):
                total += statement.trips * self.busy(statement.body, stream)
            elif self.step(statement).stream == stream:
                total += self.step(statement).picoseconds
        return total

    def step(self, statement: Compute | Move | Reshard) -> PathStep:
        """What one statement contributes to a path that it is on."""
        known = self._steps.get(statement.result)
        if known is not None:
            return known
        match statement:
            case Compute():
                step = self._compute_step(statement)
            case Move():
                step = self._move_step(statement)
            case Reshard():
                raise CompilerBug(f"the reshard of {statement.source} has not been expanded")
        self._steps[statement.result] = step
        return step

    def _compute_step(self, statement: Compute) -> PathStep:
        local = local_compute(statement, self._program)
        dense = OPS[statement.op.kind].work == "matmul"
        memory_term = f"Memory_Time({byte_text(local.work.bytes)})"
        return PathStep(
            value=statement.result,
            name=self._names[statement.result],
            kind=statement.op.kind,
            stream="compute",
            term=matmul_shape(local.rule, local.local).get_time if dense else memory_term,
            picoseconds=self._compute_time(statement, self._program),
        )

    def _move_step(self, move: Move) -> PathStep:
        program = self._program
        kind = kind_of(move.step)
        atoms = step_atoms(move.step, program.layouts[move.source], program.mesh)
        size = byte_text(move_bytes(move, program))
        return PathStep(
            value=move.result,
            name=self._names[move.result],
            kind=step_name(move.step),
            stream="communication" if kind else "compute",
            term=f"{kind.title()}({size}, {program.mesh.ways(atoms)})",
            picoseconds=move.picoseconds,
        )
