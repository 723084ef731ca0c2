"""Level 3, who does what when: tasks per GPU, in columns.

    program  = the SPMD program, what of it is expanded, one row per task, edges
    task     = template (a statement), turn, GPU or group, position in the schedule
    edge     = "runs after that task, and reads its value as operand i"

A compute or a local step is one task per GPU; a collective is ONE task per group, with all members.
Rows are NumPy columns and edges a CSR list, because a program has millions of tasks and a few dozen
templates; ``Task`` is a view made for one row when somebody looks at it, and never stored.  GPUs
beyond the mesh have no tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from helixc.diagnostics import CompilerBug
from helixc.ir.layout import Layout, Permute, Seed, Slice, Step, local_sizes
from helixc.ir.layout_steps import mesh_order, moved_atoms
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement

Column = NDArray[np.int32]
Stream = Literal["compute", "communication"]

UNSCHEDULED = -1


@attrs.frozen(kw_only=True)
class Selection:
    """What of a program is expanded.

    ``gpus``: these GPUs, ascending (None: all).  ``turns``: for the scope of a repeat the turns kept,
    counted from 0 in its own run, ascending (absent: all).  ``values``: only the statements that
    yield these, sorted (None: all).  A collective stays whole if any of its members is kept.
    """

    gpus: tuple[int, ...] | None = None
    turns: tuple[tuple[int, tuple[int, ...]], ...] = ()
    values: tuple[str, ...] | None = None


EVERYTHING = Selection()


@attrs.frozen
class Template:
    """A statement, the loops around it (outermost first), and the atoms that span its groups.

    ``atoms`` is None where every GPU works alone.
    """

    statement: Compute | Move
    loops: tuple[Loop, ...]
    atoms: tuple[str, ...] | None

    @property
    def value(self) -> str:
        """The value that its tasks yield."""
        return self.statement.result

    @property
    def reads(self) -> tuple[str, ...]:
        """The values read, each once, in order; an edge's operand counts in this list."""
        if isinstance(self.statement, Move):
            return (self.statement.source,)
        return tuple(dict.fromkeys(self.statement.op.reads))

    @property
    def stream(self) -> Stream:
        """Which of a GPU's two streams runs it."""
        return "compute" if self.atoms is None else "communication"

    def turns(self, turn: int) -> tuple[int, ...]:
        """The turn of each loop around it, from the row-major index that the column holds."""
        path: list[int] = []
        for loop in reversed(self.loops):
            turn, rest = divmod(turn, loop.trips)
            path.append(rest)
        return tuple(reversed(path))


@attrs.frozen
class Edge:
    """One input of a task: the task it comes from, the value, and which operand it is."""

    task: int
    value: str
    operand: int


@attrs.frozen
class Task:
    """One row, for printing and drawing.  ``gpus``: itself, or the members in rank order."""

    id: int
    template: Template
    turns: tuple[int, ...]
    gpus: tuple[int, ...]
    order: int
    after: tuple[Edge, ...]


def _same(left: NDArray[np.integer], right: NDArray[np.integer]) -> bool:
    return bool(np.array_equal(left, right))


def _column() -> Column:
    return attrs.field(eq=attrs.cmp_using(eq=_same), repr=False)


@attrs.frozen(kw_only=True, slots=False)
class DeviceProgram:
    """The tasks of a program, and the edges between them.

    Columns, one entry per task: ``template`` (index into ``templates``), ``turn`` (row-major index
    over the loops around the template), ``gpu`` (of a group: its lowest), ``order`` (position in the
    schedule, ``UNSCHEDULED`` before there is one).  The edges into task i are
    ``after[start[i]:start[i + 1]]``, with ``operand`` beside each.
    """

    program: Spmd
    selection: Selection
    template: Column = _column()
    turn: Column = _column()
    gpu: Column = _column()
    order: Column = _column()
    start: Column = _column()
    after: Column = _column()
    operand: NDArray[np.int16] = attrs.field(eq=attrs.cmp_using(eq=_same), repr=False)

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The statements of the program, loops flattened, in program order."""
        return templates_of(self.program)

    @cached_property
    def sizes(self) -> Mapping[str, Mapping[str, int]]:
        """For each value the size of each dimension of one GPU's block."""
        return local_shapes(self.program)

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return len(self.template)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return len(self.after)

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take."""
        columns = (self.template, self.turn, self.gpu, self.order, self.start, self.after)
        return sum(column.nbytes for column in columns) + self.operand.nbytes

    def task(self, number: int) -> Task:
        """The view of one row."""
        template = self.templates[int(self.template[number])]
        gpu = int(self.gpu[number])
        members = (gpu,)
        if template.atoms is not None:
            members = self.program.mesh.group(gpu, template.atoms)
        return Task(
            id=number,
            template=template,
            turns=template.turns(int(self.turn[number])),
            gpus=members,
            order=int(self.order[number]),
            after=tuple(self._edges_into(number)),
        )

    def _edges_into(self, number: int) -> Iterator[Edge]:
        for position in range(int(self.start[number]), int(self.start[number + 1])):
            source = int(self.after[position])
            value = self.templates[int(self.template[source])].value
            yield Edge(source, value, int(self.operand[position]))

    def of_gpu(self, gpu: int) -> Iterator[Task]:
        """The tasks that a GPU takes part in, in the order of the schedule."""
        mine = np.zeros(self.tasks, dtype=bool)
        for index, template in enumerate(self.templates):
            lowest = lowest_member(self.program, template, gpu)
            mine |= (self.template == index) & (self.gpu == lowest)
        numbers = np.flatnonzero(mine)
        for number in numbers[np.argsort(self.order[numbers], kind="stable")]:
            yield self.task(int(number))


def templates_of(program: Spmd) -> tuple[Template, ...]:
    """The statements of a program with the loops around each, in program order."""
    return tuple(_templates(program, program.body, ()))


def _templates(
    program: Spmd, body: tuple[SpmdStatement, ...], loops: tuple[Loop, ...]
) -> Iterator[Template]:
    for statement in body:
        match statement:
            case Loop():
                yield from _templates(program, statement.body, (*loops, statement))
            case Compute():
                yield Template(statement, loops, None)
            case Move():
                before = program.layouts[statement.source]
                yield Template(statement, loops, group_atoms(program, statement.step, before))
            case Reshard():
                raise CompilerBug(f"{statement.result} is still an abstract reshard")


def group_atoms(program: Spmd, step: Step, before: Layout) -> tuple[str, ...] | None:
    """The atoms that span the groups of a step, in the order that ranks count; None if local."""
    match step:
        case Slice() | Seed():
            return None
        case Permute():
            return mesh_order(moved_atoms(before, step.layout), program.mesh)
        case _:
            return step.atoms


def lowest_member(program: Spmd, template: Template, gpu: int) -> int:
    """What the ``gpu`` column holds for the task of a template in which a GPU takes part."""
    mesh = program.mesh
    return gpu - sum(mesh.coordinate(gpu, a) * mesh.strides[a] for a in template.atoms or ())


def local_shapes(program: Spmd) -> Mapping[str, Mapping[str, int]]:
    """For each value the size of each dimension of one GPU's block, in the order of its type."""
    return {
        value: local_sizes(type_, program.layouts[value], program.sizes, program.mesh)
        for value, type_ in program.types.items()
    }
