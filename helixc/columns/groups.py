"""The plans of one structure: sorted by pattern, worked out family by family, the odd ones alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import attrs
import numpy as np

from helixc.choice.planning import plan_layouts
from helixc.choice.problem import Problem
from helixc.choice.rings import may_ring
from helixc.columns.alone import Row, evaluate_alone, refusal
from helixc.columns.cuts import Cutters, Pieces, atoms_of
from helixc.columns.family import LARGEST, AskingMesh, Column, Family, Mask, NotInColumns
from helixc.columns.paths import PathFinder
from helixc.columns.prices import RADIX, OperatorPrices, StepPrices
from helixc.columns.solver import BodySolution, Solver
from helixc.columns.tasks import Task, TaskProgram, all_tasks, write_tasks
from helixc.columns.totals import Totals, find_totals
from helixc.columns.variants import Reads
from helixc.diagnostics import CompilerBug, Findings, HelixError
from helixc.ir.hardware import Cluster
from helixc.ir.logical import Logical
from helixc.ir.mesh import Axis
from helixc.ir.plan import Local, Pad, Shard
from helixc.passes.contract import AnyPass
from helixc.passes.expand import EXPAND, is_needed

# The axes of a mesh, outermost first.
Axes = tuple[Axis, ...]
COLUMNS = tuple(field.name for field in attrs.fields(Row))


class Prices:
    """What is priced once for all plans of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.steps = StepPrices(cluster)
        self.operators = OperatorPrices(cluster)
        self.finder = PathFinder(self.steps)


class Results:
    """Columns by name, one entry per plan, and the code of what refuses it ("" for what is followed)."""

    def __init__(self, plans: int) -> None:
        self.columns: dict[str, Column] = {n: np.zeros(plans, dtype=np.int64) for n in COLUMNS}
        self.refused = [""] * plans
        self.alone = 0

    def put_row(self, plan: int, row: Row) -> None:
        """The results of one plan."""
        for name in COLUMNS:
            self.columns[name][plan] = min(getattr(row, name), LARGEST)

    def put(self, plans: Column, rows: Column, totals: Totals) -> None:
        """The results of some plans, from these rows of the columns of their family."""
        for name in COLUMNS:
            self.columns[name][plans] = getattr(totals, name)[rows]


@attrs.frozen(eq=False)
class _Planned:
    """A family with the numbers of its plans; ``refused``: the code of the first error, if there is one."""

    family: Family
    plans: Column
    refused: str


class StructureEvaluator:
    """Evaluates plans of one structure, each on a mesh of its own; all have axes of the same names.

    ``program`` is elaborated; ``passes`` lead from there to a program for all GPUs, the first
    ``logical`` of them to what is partitioned.
    """

    def __init__(
        self,
        program: Logical,
        passes: Sequence[AnyPass],
        logical: int,
        prices: Prices,
        meshes: Sequence[Axes],
    ) -> None:
        self._program = program
        self._passes = passes
        self._logical = passes[:logical]
        self._prices = prices
        self._axes = tuple(axis.name for axis in program.plan.axes)
        self._meshes = meshes
        self._cutters: dict[object, Cutters] = {}
        self._results = Results(len(meshes))

    def evaluate(self) -> Results:
        """The results of all plans."""
        gpus = self._program.cluster.gpus
        covered = [prod(axis.size for axis in own) for own in self._meshes]
        plans = [plan for plan, count in enumerate(covered) if count <= gpus]
        for plan, count in enumerate(covered):
            if count > gpus:
                self._results.refused[plan] = "HX0504"
        if not self._in_columns():
            self._alone(plans)
            return self._results
        for planned in self._planned(self._program, plans):
            program = self._lowered(planned.family)
            if program is planned.family.program:
                self._family(planned)
                continue
            for again in self._planned(program, planned.plans.tolist()):
                self._family(again)
        return self._results

    def _in_columns(self) -> bool:
        """Whether no line rewrites the model by sizes, and none leads values off their plan.

        Whether keys go round a ring is decided for each size by compiling both forms.
        """
        lines = self._program.plan.lines
        led = any(isinstance(x, Local | Pad) or (isinstance(x, Shard) and x.via) for x in lines)
        led |= may_ring(self._program)
        return not led and self._program.cluster.gpus < RADIX

    def _with(self, program: Logical, axes: Axes) -> Logical:
        return attrs.evolve(program, plan=attrs.evolve(program.plan, axes=axes))

    def _lowered(self, family: Family) -> Logical:
        """The program as it is partitioned; plans that are laid out alike are rewritten alike."""
        found: object = family.program
        layouts = family.planning.layouts
        for one in self._logical:
            planned = found is family.program
            if one is EXPAND and planned and not is_needed(family.program, layouts):
                continue
            found = one.run(found)
        if not isinstance(found, Logical):
            raise CompilerBug("what is partitioned is not at the logical level")
        return found

    def _alone(self, plans: Sequence[int]) -> None:
        for plan in plans:
            self._results.alone += 1
            try:
                program = self._with(self._program, self._meshes[plan])
                self._results.put_row(plan, evaluate_alone(program, self._passes))
            except HelixError as error:
                self._results.refused[plan] = refusal(error)

    def _planned(self, program: Logical, plans: Sequence[int]) -> Iterator[_Planned]:
        """Families of plans with equal planned layouts."""
        groups: dict[tuple[int, ...], list[tuple[int, Pieces]]] = {}
        cutters = self._cutters_of(program)
        for plan in plans:
            sizes = {axis.name: axis.size for axis in self._meshes[plan]}
            pieces = cutters.cut(tuple(sizes[name] for name in self._axes))
            if pieces is None:
                self._alone([plan])
            else:
                groups.setdefault(tuple(map(len, pieces)), []).append((plan, pieces))
        for group in groups.values():
            left = group
            while left:
                findings = Findings()
                family = self._open(program, left, findings)
                alike = family.alike()
                own = np.array([plan for plan, _ in left])[alike]
                errors = findings.errors
                yield _Planned(family.only(alike), own, errors[0].code if errors else "")
                left = [one for one, same in zip(left, alike.tolist(), strict=True) if not same]

    def _cutters_of(self, program: Logical) -> Cutters:
        made = tuple((value, op.kind) for value, op in program.makers.items())
        key = (program.dims, made)
        if key not in self._cutters:
            self._cutters[key] = Cutters(program, self._axes)
        return self._cutters[key]

    def _open(
        self, program: Logical, group: Sequence[tuple[int, Pieces]], findings: Findings
    ) -> Family:
        """A family with the planning of its first plan, alike or not."""
        plan, pieces = group[0]
        own = self._with(program, self._meshes[plan])
        atoms = atoms_of(self._axes, pieces)
        orders: dict[tuple[str, ...], int] = {}
        order = [orders.setdefault(self._order(plan), len(orders)) for plan, _ in group]
        lying = [
            tuple(atom for axis in names for atom in atoms if atom.axis == axis) for names in orders
        ]
        mesh = AskingMesh(axes=own.plan.axes, atoms=lying[0])
        planning = plan_layouts(own, findings, mesh)
        rows = [[size for piece in pieces for size in piece] for _, pieces in group]
        table = np.array(rows, dtype=np.int64).reshape(len(group), -1)
        return Family(
            program=own,
            planning=planning,
            mesh=mesh,
            sizes={atom.name: table[:, i].copy() for i, atom in enumerate(atoms)},
            orders=tuple(tuple(atom.name for atom in own) for own in lying),
            order=np.array(order, dtype=np.int64),
            plans=len(group),
        )

    def _order(self, plan: int) -> tuple[str, ...]:
        return tuple(axis.name for axis in self._meshes[plan])

    def _family(self, planned: _Planned) -> None:
        """Work out one family, and then what its sizes leave other ways."""
        family, plans = planned.family, planned.plans
        if planned.refused:
            for plan in plans.tolist():
                self._results.refused[plan] = planned.refused
            return
        problem = Problem(family.program, family.planning)
        reads = Reads(family, self._prices.finder, problem.layouts)
        try:
            solution = Solver(family, problem, reads, self._prices.operators).solve()
        except NotInColumns:
            self._alone(plans.tolist())
            return
        alike = family.alike()
        self._alone(plans[alike & solution.unsure].tolist())
        for rows in _same_decisions(solution, np.flatnonzero(alike & ~solution.unsure)):
            tasks = write_tasks(family, problem, solution, int(rows[0]))
            mine = np.zeros(family.plans, dtype=np.bool_)
            mine[rows] = True
            totals = find_totals(tasks, family, mine)
            self._results.put(plans[rows], rows, totals)
            self._alone(
                plans[rows[_may_be_squeezed(family, problem, tasks, totals)[rows]]].tolist()
            )
        for again in self._planned(family.program, plans[~alike].tolist()):
            self._family(again)


def _may_be_squeezed(family: Family, problem: Problem, tasks: TaskProgram, totals: Totals) -> Mask:
    """The plans in which a block finds no room, though all could be held as planned.

    For these ``choice.choose`` looks for another program, whose blocks all find room.
    """
    layouts, program = problem.planning.layouts, problem.program
    planned = family.zeros
    for op in program.makers.values():
        planned = np.maximum(planned, family.block_bytes(op.type, layouts[op.result]))
    largest = planned
    for task in all_tasks(tasks.tasks):
        if isinstance(task, Task):
            largest = np.maximum(largest, task.bytes)
    room = (
        min(program.cluster.gpu.memory_bytes, LARGEST) - totals.weights_bytes - totals.state_bytes
    )
    return (room > 0) & (largest > room) & (planned <= room)


def _same_decisions(solution: BodySolution, rows: Column) -> list[Column]:
    """Rows of a family in groups that take the same decisions."""
    table = [column[rows].tolist() for column in _taken(solution)]
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, key in zip(rows.tolist(), zip(*table, strict=True), strict=True):
        groups.setdefault(key, []).append(row)
    return [np.array(group) for group in groups.values()]


def _taken(solution: BodySolution) -> list[Column]:
    """Which decisions each plan takes, those of repeats included."""
    found = list(solution.taken)
    for decisions in solution.decisions:
        inner = decisions[0].inner if decisions else None
        if inner is not None:
            found += _taken(inner)
    return found
