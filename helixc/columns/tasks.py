"""What every plan of a group runs, statement by statement: the program for all GPUs, with columns for times.

Plans that take the same decisions have the same program but for its sizes.  It is written down as
``passes.partition``, ``communicate`` and ``simplify`` would write it, but holds only what time, memory
and traffic are made from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable

import attrs

from helixc.analysis.ahead import unit_of
from helixc.choice.positions import by_name
from helixc.choice.problem import Problem
from helixc.choice.solution import captured
from helixc.columns.family import Column, Family
from helixc.columns.solver import BodySolution, Decision
from helixc.columns.variants import Moved
from helixc.diagnostics import CompilerBug
from helixc.ir.layout import AllGather, AllReduce, Layout, ReduceScatter, Seed, Slice, Step
from helixc.ir.logical import Op, Repeat
from helixc.ir.ops import OPS, Kept
from helixc.ir.slices import kept_times


@attrs.frozen(eq=False)
class Task:
    """One statement.  ``bytes``: its result's block; what is kept, and a view, has none of its own.

        What is ``kept`` is kept in ``kept_times`` blocks.  ``picoseconds`` are of one execution.  ``step``:
    what a move does, its dimensions by position; ``moved``: bytes of the block before it.  ``unit``: of a
    copy of a weight the call that has it.
    """

    result: str
    reads: tuple[str, ...]
    picoseconds: Column
    bytes: Column
    moved: Column
    step: Step | None = None
    unit: Hashable | None = None
    view: bool = False
    kept: Kept = ""
    kept_times: int = 1
    is_input: bool = False

    @property
    def communicates(self) -> bool:
        """Whether it runs on the stream of collectives."""
        return self.step is not None and not isinstance(self.step, Slice | Seed)


@attrs.frozen(eq=False)
class Carry:
    """A value that goes round a repeat, by its names before, inside and behind; ``bytes`` of its block."""

    entry: str
    init: str
    yields: str
    result: str
    bytes: Column


@attrs.frozen(eq=False)
class Turns:
    """A repeat: the tasks of one turn."""

    trips: int
    carried: tuple[Carry, ...]
    tasks: tuple[Task | Turns, ...]


Tasks = tuple[Task | Turns, ...]
Names = dict[tuple[str, Layout], str]


@attrs.frozen(eq=False)
class TaskProgram:
    """The tasks, and the names of the outputs."""

    tasks: Tasks
    outputs: tuple[str, ...]


def write_tasks(family: Family, problem: Problem, solution: BodySolution, plan: int) -> TaskProgram:
    """The program of one plan (by its number in the family), with the columns of all."""
    writer = _Writer(family, problem, plan)
    tasks, names = writer.body(solution, {})
    layouts = problem.planning.layouts
    program = problem.program
    outputs = tuple(names[o.value, layouts[o.value]] for o in program.outputs)
    return _simplified(TaskProgram(tasks, outputs))


class _Writer:
    def __init__(self, family: Family, problem: Problem, plan: int) -> None:
        self.family = family
        self.problem = problem
        self.plan = plan
        self._copies: Counter[str] = Counter()

    def body(self, solution: BodySolution, names: Names) -> tuple[Tasks, Names]:
        """The tasks of one body, and the names under which copies exist at its end."""
        names = dict(names)
        rows = zip(solution.decisions, solution.taken, strict=True)
        decisions = [own[int(taken[self.plan])] for own, taken in rows]
        wanted = {key for d in decisions for key in self._sources(d)}
        tasks: list[Task | Turns] = []
        for decision in decisions:
            op = decision.statement
            for moved in decision.moved:
                tasks += self._moves(decision.slots[moved.slot], moved, names, wanted)
            if isinstance(op, Op):
                tasks += self._operator(op, decision, names, wanted)
            elif isinstance(op, Repeat):
                tasks.append(self._repeat(op, decision, names))
        return tuple(tasks), names

    def _named(self, value: str, layout: Layout) -> Layout:
        """A layout with the names of the dimensions of a value."""
        return by_name(layout, self.problem.program.types[value].dims)

    def _sources(self, decision: Decision) -> Iterable[tuple[str, Layout]]:
        for moved in decision.moved:
            value = decision.slots[moved.slot]
            yield value, self._named(value, moved.source)
        if isinstance(decision.statement, Op):
            value = decision.statement.result
            for moved in decision.held:
                yield value, self._named(value, moved.source)

    def _moves(
        self, value: str, moved: Moved, names: Names, wanted: set[tuple[str, Layout]]
    ) -> list[Task]:
        """The moves that make a value exist in the layout in which it is read."""
        here, target = self._named(value, moved.source), self._named(value, moved.target)
        if (value, target) in names:
            return []
        type_ = self.problem.program.types[value]
        held = names[value, here]
        weight = self.problem.program.stored.get(value)
        unit = None if weight is None else unit_of(weight, self.problem.program.scopes)
        tasks: list[Task] = []
        for leg in moved.legs:
            layout = self._named(value, leg.layout)
            self._copies[value] += 1
            name = f"{value}~{self._copies[value]}"
            tasks.append(
                Task(
                    result=name,
                    reads=(held,),
                    picoseconds=leg.picoseconds,
                    bytes=self.family.block_bytes(type_, layout),
                    moved=self.family.block_bytes(type_, here),
                    step=leg.step,
                    unit=unit,
                )
            )
            if (value, layout) not in names and (layout == target or (value, layout) in wanted):
                names[value, layout] = name
            held, here = name, layout
        return tasks

    def _operator(
        self, op: Op, decision: Decision, names: Names, wanted: set[tuple[str, Layout]]
    ) -> list[Task]:
        way = decision.way
        if way is None or decision.picoseconds is None:
            raise CompilerBug(f"no way was chosen for {op.result}")
        # A value that is simply there has no operands.
        pairs = zip(op.operands, way.operands, strict=bool(op.operands))
        reads = tuple(names[o, self._named(o, layout)] for o, layout in pairs if isinstance(o, str))
        layout = self._named(op.result, way.result)
        task = Task(
            result=op.result,
            reads=reads,
            picoseconds=decision.picoseconds,
            bytes=self.family.block_bytes(op.type, layout),
            moved=self.family.zeros,
            view=OPS[op.kind].shows_operand,
            kept=OPS[op.kind].kept,
            kept_times=kept_times(self.problem.program, op.type),
            is_input=op.kind == "input",
        )
        names[op.result, layout] = op.result
        tasks = [task]
        for moved in decision.held:
            tasks += self._moves(op.result, moved, names, wanted)
        return tasks

    def _repeat(self, repeat: Repeat, decision: Decision, names: Names) -> Turns:
        layouts = self.problem.planning.layouts
        if decision.inner is None:
            raise CompilerBug("a repeat has no solution")
        inside: Names = {(v, layouts[v]): names[v, layouts[v]] for v in captured(repeat)}
        pairs = list(zip(repeat.carried, decision.boundary, strict=True))
        inside.update(((c.entry, layout), c.entry) for c, layout in pairs)
        tasks, ends = self.body(decision.inner, inside)
        carried = tuple(
            Carry(
                entry=c.entry,
                init=names[c.init, layout],
                yields=ends[c.yields, layout],
                result=c.result,
                bytes=self.family.block_bytes(c.type, layout),
            )
            for c, layout in pairs
        )
        names.update(((c.result, layout), c.result) for c, layout in pairs)
        return Turns(repeat.trips, carried, tasks)


def all_tasks(tasks: Tasks) -> Iterable[Task | Turns]:
    """Every task, a repeat before what is in it."""
    for task in tasks:
        yield task
        if isinstance(task, Turns):
            yield from all_tasks(task.tasks)


def _simplified(program: TaskProgram) -> TaskProgram:
    """As ``passes.simplify``: a scatter and the gather that undoes it are one all-reduce."""
    tasks = _joined(program.tasks, _uses(program))
    uses = _uses(TaskProgram(tasks, program.outputs))
    return TaskProgram(_read_ones(tasks, uses), program.outputs)


def _uses(program: TaskProgram) -> Counter[str]:
    uses = Counter(program.outputs)
    for task in all_tasks(program.tasks):
        if isinstance(task, Turns):
            uses.update(name for c in task.carried for name in (c.init, c.yields))
        else:
            uses.update(task.reads)
    return uses


def _joined(tasks: Tasks, uses: Counter[str]) -> Tasks:
    written: list[Task | Turns] = []
    moves: dict[str, Task] = {}
    for task in tasks:
        if isinstance(task, Turns):
            written.append(attrs.evolve(task, tasks=_joined(task.tasks, uses)))
            continue
        if task.step is not None:
            first = moves.get(task.reads[0])
            if first is not None and uses[first.result] == 1 and _undoes(first, task):
                written.remove(first)
                moves[task.result] = joined = _all_reduce(first, task)
                written.append(joined)
                continue
            moves[task.result] = task
        written.append(task)
    return tuple(written)


def _undoes(first: Task, second: Task) -> bool:
    return (
        isinstance(first.step, ReduceScatter)
        and isinstance(second.step, AllGather)
        and first.step.dim == second.step.dim
        and first.step.atoms == second.step.atoms
    )


def _all_reduce(first: Task, second: Task) -> Task:
    atoms = first.step.atoms if isinstance(first.step, ReduceScatter) else ()
    return attrs.evolve(
        second,
        reads=first.reads,
        step=AllReduce(atoms),
        picoseconds=first.picoseconds + second.picoseconds,
        moved=first.moved,
    )


def _read_ones(tasks: Tasks, uses: Counter[str]) -> Tasks:
    kept: list[Task | Turns] = []
    for task in tasks:
        if isinstance(task, Turns):
            kept.append(attrs.evolve(task, tasks=_read_ones(task.tasks, uses)))
        elif task.step is None or uses[task.result]:
            kept.append(task)
    return tuple(kept)
