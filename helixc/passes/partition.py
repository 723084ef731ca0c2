"""logical -> spmd: give every value a layout, every operator a way, and write abstract reshards.

The choice itself is ``helixc.choice``; this pass writes it down.  A value that is read in another layout
gets a ``reshard`` where it is first needed; later readers share the copy.  Where a later reader wants a
layout that lies on the way, the reshard is written in two parts, so that ``communicate``, which expands
each with the same search, arrives at the price that the choice was made by.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from helixc.choice.choose import choose
from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.problem import Problem
from helixc.choice.reasons import reason
from helixc.choice.solution import Read, Solution, Step, captured
from helixc.choice.verdicts import judge_forcing
from helixc.diagnostics import Diagnostic, Findings
from helixc.ir.invariants import LOGICAL_FACTS, SPMD_FACTS
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op, Output, Repeat
from helixc.ir.ops import OPS
from helixc.ir.plan import Place
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, LoopValue, Reshard, Spmd, SpmdStatement
from helixc.passes.contract import Pass


def partition(program: Logical) -> Spmd:
    """The program with a layout for every value.  Raises ``HelixError`` if the plan cannot be followed."""
    findings = Findings()
    planning = plan_layouts(program, findings)
    findings.stop_on_errors()
    problem = Problem(program, planning)
    solution = choose(problem)
    judge_forcing(program, problem.forcing_lines, findings, possible=solution is not None)
    findings.stop_on_errors()
    if solution is None:
        raise ValueError("no way was found, though no line forces one")
    return write(problem, solution, findings.all)


def write(problem: Problem, solution: Solution, found: Sequence[Diagnostic] = ()) -> Spmd:
    """A solution as a program: its notes are what was found before, and what the solution itself calls for."""
    program, planning = problem.program, problem.planning
    body, names = _Writer(problem).body(solution, {})
    outputs = tuple(
        attrs.evolve(o, value=names[o.value, planning.layouts[o.value]]) for o in program.outputs
    )
    notes = (*found, *_notes(program, solution, problem.untried))
    return _assemble(program, planning, body, outputs, notes)


def _assemble(
    program: Logical,
    planning: Planning,
    body: tuple[SpmdStatement, ...],
    outputs: tuple[Output, ...],
    notes: tuple[Diagnostic, ...],
) -> Spmd:
    return Spmd(
        name=program.name,
        dims=program.dims,
        scopes=program.scopes,
        mesh=planning.mesh,
        body=body,
        outputs=outputs,
        plan=program.plan,
        cluster=program.cluster,
        notes=notes,
        approximations=program.approximations,
        slices=program.slices,
    )


# The name under which a value exists in a layout.
Names = dict[tuple[str, Layout], str]


class _Writer:
    """Writes a solution down as SPMD statements; numbers the copies of each value."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.program = problem.program
        self.planning = problem.planning
        self.copies: dict[str, int] = {}
        self.homes = _homes(problem.program)

    def body(self, solution: Solution, names: Names) -> tuple[tuple[SpmdStatement, ...], Names]:
        """The statements of one body, and the names under which copies exist at its end."""
        names = dict(names)
        wanted = {(r.value, r.source) for s in solution.steps for r in (*s.reads, *s.after)}
        written: list[SpmdStatement] = []
        for step in solution.steps:
            for read in step.reads:
                written += self._reshard(read, step, names, wanted)
            if isinstance(step.statement, Op):
                written += self._compute(step, step.statement, names, wanted)
            elif isinstance(step.statement, Repeat):
                written.append(self._loop(step, step.statement, names))
        return tuple(written), names

    def _compute(
        self, step: Step, op: Op, names: Names, wanted: set[tuple[str, Layout]]
    ) -> list[SpmdStatement]:
        if step.way is None:
            raise ValueError(f"no way was chosen for {op.result}")
        operands = tuple(
            names[o, layout] if isinstance(o, str) else o
            for o, layout in zip(op.operands, step.way.operands, strict=True)
        )
        renamed = attrs.evolve(op, operands=operands)
        written: list[SpmdStatement] = [
            Compute(op=renamed, way=step.way.assignment, layout=step.way.result)
        ]
        names[op.result, step.way.result] = op.result
        for read in step.after:
            written += self._reshard(read, step, names, wanted)
        return written

    def _reshard(
        self, read: Read, step: Step, names: Names, wanted: set[tuple[str, Layout]]
    ) -> list[SpmdStatement]:
        """Reshards that make a value exist in the layout in which it is read.

        Where it does already, what is on the way may still be wanted: a value that is held elsewhere at
        once counts as gone from where it was made.
        """
        path = self.problem.path(read.value, read.source, read.target)
        if path is None:
            raise ValueError(f"no path for {read.value} from {read.source} to {read.target}")
        written: list[SpmdStatement] = []
        here, passed = read.source, list[Layout]()
        for leg in path.legs:
            key = (read.value, leg.layout)
            passed.append(leg.layout)
            if key not in names and (leg.layout == read.target or key in wanted):
                for layout in self._stops(read.value, here, passed):
                    written.append(self._copy(read.value, here, layout, step, names))
                    here = layout
                passed = []
        return written

    def _stops(self, value: str, source: Layout, passed: list[Layout]) -> list[Layout]:
        """The layouts for which reshards are written on the way to the last of those passed.

        That alone, if the cheapest path there passes the same; else each of them.
        """
        path = self.problem.path(value, source, passed[-1])
        alike = path is not None and [*path.layouts] == passed
        return passed[-1:] if alike else passed

    def _copy(
        self, value: str, source: Layout, target: Layout, step: Step, names: Names
    ) -> Reshard:
        self.copies[value] = self.copies.get(value, 0) + 1
        name = f"{value}~{self.copies[value]}"
        reader = step.statement if isinstance(step.statement, Op) else None
        scope, places = self.homes[value]
        copied = Reshard(
            result=name,
            source=names[value, source],
            type=self.program.types[value],
            layout=target,
            scope=reader.scope if reader is not None else scope,
            names=places,
            freely=self.planning.freely(value) or (),
            why=reason(value, source, target, reader, self.program, self.planning),
        )
        names[value, target] = name
        return copied

    def _loop(self, step: Step, repeat: Repeat, names: Names) -> Loop:
        if step.inner is None:
            raise ValueError("a repeat has no solution")
        layouts = self.planning.layouts
        inside: Names = {(v, layouts[v]): names[v, layouts[v]] for v in captured(repeat)}
        pairs = list(zip(repeat.carried, step.boundary, strict=True))
        inside.update(((c.entry, layout), c.entry) for c, layout in pairs)
        body, ends = self.body(step.inner, inside)
        carried = tuple(
            LoopValue(
                entry=c.entry,
                init=names[c.init, layout],
                yields=ends[c.yields, layout],
                result=c.result,
                type=c.type,
                layout=layout,
                names=c.names,
            )
            for c, layout in pairs
        )
        names.update(((c.result, layout), c.result) for c, layout in pairs)
        return Loop(
            trips=repeat.trips,
            carried=carried,
            body=body,
            scope=repeat.scope,
            around=repeat.around,
            span=repeat.span,
        )


def _notes(program: Logical, solution: Solution, untried: Sequence[str]) -> list[Diagnostic]:
    """What the reader of the result should know about how it was chosen."""
    found: list[Diagnostic] = []
    if solution.cost[0]:
        found.append(
            Diagnostic(
                "HX0601",
                f"a {_kept(program)} is gathered although no line asks for it: no other way exists",
                program.plan.span,
                "warning",
            )
        )
    doubt = _doubt(slice_count(program) * solution.gap, untried)
    if doubt:
        words = f"the choice is not proven best{doubt}"
        found.append(Diagnostic("HX0602", words, program.plan.span, "note"))
    return found


def _kept(program: Logical) -> str:
    kinds = sorted({OPS[op.kind].kept for op in program.stored.values()}, reverse=True)
    return " or a ".join(kinds)


def _doubt(gap: int, untried: Sequence[str]) -> str:
    """Why a solution may not be the best, ``gap`` picoseconds in a step; "" if it is.

    The gap speaks only of what was tried, so it says nothing where something was left out.
    """
    if untried:
        return f": with so many mesh axes not every {' and not every '.join(untried)} was tried"
    return f"; it is at most {gap / 1e12:.3g} s from it" if gap else ""


def _homes(program: Logical) -> dict[str, tuple[int, tuple[Place, ...]]]:
    """For each value the scope it is made in and the names it goes by."""
    found: dict[str, tuple[int, tuple[Place, ...]]] = {}
    _collect(program.body, found)
    return found


def _collect(body: Sequence[Op | Repeat], found: dict[str, tuple[int, tuple[Place, ...]]]) -> None:
    for statement in body:
        if isinstance(statement, Op):
            found[statement.result] = (statement.scope, statement.names)
            continue
        for carried in statement.carried:
            found[carried.entry] = found[carried.result] = (carried.home.scope, carried.names)
        _collect(statement.body, found)


PARTITION = Pass(
    name="partition",
    run=partition,
    source=Logical,
    target=Spmd,
    needs=frozenset(LOGICAL_FACTS),
    gives=frozenset(SPMD_FACTS),
)
