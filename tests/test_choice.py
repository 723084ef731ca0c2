"""The choice: proven against exhaustive enumeration, and never worse than a narrower freedom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import pytest
from drawn_choices import programs
from hypothesis import given

from helixc.choice.alternatives import OtherWays, received_bytes
from helixc.choice.bodies import decision_order
from helixc.choice.choose import Chooser, Limits, choose
from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.positions import by_position
from helixc.choice.problem import Problem
from helixc.choice.solution import Solution
from helixc.choice.states import ZERO, Cost, add
from helixc.choice.ways import Way
from helixc.compiler import compile_text
from helixc.diagnostics import Findings
from helixc.interp.verify import verify
from helixc.ir.invariants import COMMUNICATED_FACTS, SPMD_FACTS
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op
from helixc.ir.plan import Strict
from helixc.passes.communicate import communicate
from helixc.passes.expand import expand
from helixc.passes.partition import partition
from helixc.passes.simplify import simplify


def planned(program: Logical) -> Planning | None:
    """The planning of a program, or None where its plan cannot be followed."""
    findings = Findings()
    planning = plan_layouts(program, findings)
    return None if findings.errors else planning


def chosen(problem: Problem) -> Solution:
    """The choice for a program that forces nothing, so that there is one."""
    solution = choose(problem)
    assert solution is not None
    return solution


Copies = dict[str, tuple[Layout, ...]]


def exhaustive(problem: Problem, position: int, cost: Cost, copies: Copies) -> Cost | None:
    """The least cost over all ways and all source copies, by trying them one after the other."""
    body = problem.program.body
    if position == len(body):
        layouts = problem.planning.layouts
        wanted = [(o.value, layouts[o.value]) for o in problem.program.outputs]
        return min((c for c, _ in reads(problem, cost, copies, wanted)), default=None)
    op = body[position]
    assert isinstance(op, Op)
    found: list[Cost] = []
    for way in ways(problem, op, copies):
        named = problem.sites[op.result].way(way)
        needs = [
            (o, n) for o, n in zip(op.operands, named.operands, strict=False) if isinstance(o, str)
        ]
        work = (0, problem.transitions(op.result).picoseconds(way), 0, 0)
        for after, there in reads(problem, add(cost, work), copies, needs):
            found += finish(problem, op, named, after, there, position)
    return min(found, default=None)


def ways(problem: Problem, op: Op, copies: Copies) -> Sequence[Way]:
    """The candidates for an operator, by position, where its operands exist in these layouts."""
    existing = tuple(
        tuple(by_position(layout, problem.program.types[o].dims) for layout in copies[o])
        if isinstance(o, str)
        else (WHOLE,)
        for o in op.operands
    )
    return problem.transitions(op.result).candidates.of(existing)


def finish(
    problem: Problem, op: Op, way: Way, after: Cost, there: Copies, position: int
) -> list[Cost]:
    """Go on behind one operator."""
    goal = problem.planning.layouts[op.result]
    split = [(atom, dim) for dim, atoms in way.result.split for atom in atoms]
    departs = any(atom not in goal.atoms_of(dim) for atom, dim in split)
    total = add(after, (0, 0, int(departs), 0))
    made = way.result
    if problem.sites[op.result].operator.exact and made != goal:
        path = problem.path(op.result, made, goal)
        if path is None:
            return []
        total = add(total, (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps))
        made = goal
    rest = exhaustive(problem, position + 1, total, {**there, op.result: (made,)})
    return [] if rest is None else [rest]


def reads(
    problem: Problem, cost: Cost, copies: Copies, needs: Sequence[tuple[str, Layout]]
) -> Iterator[tuple[Cost, Copies]]:
    """Every combination of source copies for these needs: cost, and the copies that exist then."""
    if not needs:
        yield cost, copies
        return
    value, target = needs[0]
    for source in copies[value]:
        path = problem.path(value, source, target)
        if path is not None:
            spent = add(cost, (path.cost.gathers, path.cost.picoseconds, 0, path.cost.steps))
            layouts = dict.fromkeys((*copies[value], *(leg.layout for leg in path.legs)))
            yield from reads(problem, spent, {**copies, value: tuple(layouts)}, needs[1:])


@given(programs(most=3))
def test_the_choice_equals_exhaustive_enumeration(program: Logical) -> None:
    """Over the same candidates, to the picosecond."""
    planning = planned(program)
    if planning is None:
        return
    problem = Problem(program, planning)

    best = Chooser(problem, Limits()).solve()

    assert best is not None
    assert best.gap == 0
    assert best.cost == exhaustive(problem, 0, ZERO, {})


@given(programs(most=6))
def test_the_order_in_which_operators_are_decided_does_not_matter(program: Logical) -> None:
    """Deciding each as late as possible yields what deciding in the order of the program yields."""
    planning = planned(program)
    if planning is None:
        return
    written = tuple(range(len(program.body)))
    late = Chooser(Problem(program, planning), Limits()).solve()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helixc.choice.bodies.decision_order", lambda _: written)
        early = Chooser(Problem(program, planning), Limits()).solve()

    assert late is not None
    assert early is not None
    assert late.gap == early.gap == 0
    assert late.cost == early.cost
    assert [step.statement for step in late.steps] == [*program.body, None]


@given(programs(most=8))
def test_makers_come_first_and_readers_of_a_value_keep_their_order(program: Logical) -> None:
    order = decision_order(program.body)

    assert sorted(order) == list(range(len(program.body)))
    decided = [program.body[position] for position in order]
    for value, maker in program.makers.items():
        readers = [s for s in program.body if isinstance(s, Op) and value in s.reads]
        positions = [decided.index(statement) for statement in (maker, *readers)]
        assert positions == sorted(positions)


@given(programs(most=8))
def test_every_choice_is_a_legal_program(program: Logical) -> None:
    """All facts hold after partition and after communicate; simplify twice is simplify once."""
    if planned(program) is None:
        return
    spmd = partition(expand(program))
    moved = communicate(spmd)
    simple = simplify(moved)

    for fact in SPMD_FACTS:
        assert list(fact.check(spmd)) == []
    for fact in COMMUNICATED_FACTS:
        assert list(fact.check(moved)) == []
        assert list(fact.check(simple)) == []
    assert simplify(simple) == simple


@given(programs(most=6, strict=True))
def test_freedom_never_costs_more_than_strict(program: Logical) -> None:
    """The same plan without ``strict``, in the stated order of costs."""
    lines = program.plan.blocks[0].lines
    freed = attrs.evolve(
        program.plan.blocks[0], lines=tuple(x for x in lines if not isinstance(x, Strict))
    )
    free = attrs.evolve(
        program, plan=attrs.evolve(program.plan, blocks=(freed, *program.plan.blocks[1:]))
    )
    strict_planning, free_planning = planned(program), planned(free)
    if strict_planning is None or free_planning is None:
        return

    strict_cost = chosen(Problem(program, strict_planning)).cost
    free_cost = chosen(Problem(free, free_planning)).cost

    assert free_cost[:2] <= strict_cost[:2]


@given(programs(most=6, strict=True))
def test_under_strict_every_result_is_held_as_planned_at_once(program: Logical) -> None:
    """In the layout in which the operator yields it, or after a reshard that comes next."""
    planning = planned(program)
    if planning is None:
        return
    for step in chosen(Problem(program, planning)).all_steps():
        if isinstance(step.statement, Op) and step.way is not None:
            held = {step.way.result, *(read.target for read in step.after)}
            assert planning.layouts[step.statement.result] in held


@given(programs(most=4))
def test_an_alternative_is_a_program_that_can_be_had(program: Logical) -> None:
    """No alternative is cheaper than the choice; each has the traffic of a complete program."""
    planning = planned(program)
    if planning is None:
        return
    problem = Problem(program, planning)
    best = chosen(problem)
    for op in program.makers.values():
        others = OtherWays(program, planning).of(op.result)
        ranked = [(other.gathers, other.picoseconds) for other in others]
        assert [best.cost[:2], *ranked] == sorted([best.cost[:2], *ranked])
    assert received_bytes(best, problem) >= 0


@pytest.mark.parametrize("width", [1, 2, 5])
@given(program=programs(most=6))
def test_a_narrow_search_reports_a_gap_that_holds(width: int, program: Logical) -> None:
    """Its result is within the gap of the best."""
    planning = planned(program)
    if planning is None:
        return
    problem = Problem(program, planning)
    best = Chooser(problem, Limits()).solve()
    narrow = Chooser(problem, Limits(width=width)).solve()

    assert best is not None
    assert narrow is not None
    if narrow.cost[0] == best.cost[0]:
        assert narrow.cost[1] - narrow.gap <= best.cost[1]


def test_an_inner_line_gives_up_what_it_finds_no_room_for() -> None:
    """24 over u, then t: half of t is left over, and does not stay where the outer line had it."""
    found = compile_text(
        """
model m {
  dim wide = 24, high = 8
  input x: f32[wide, high]
  y = exp(relu(x))
  z = sum(y, over high)
  output y, z
}
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; f32 = 40 TFLOP/s }
link wire { bandwidth = 100 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 16 via wire }
plan p for m on box {
  mesh t = 4, u = 4
  shard wide, high over t, u
  in y, z { shard wide, high over u, t }
}
"""
    )
    layouts = found.spmd.layouts

    assert str(layouts["x"]) == "{high:u.1, wide:t.0*t.1*u.0}"
    assert str(layouts["y"]) == "{high:t.1, wide:u.0*u.1*t.0}"
    assert verify(found.logical, found.stages[1:]).verdict == "equal"


@given(programs(most=4))
def test_other_ways_do_not_depend_on_what_was_asked_about_before(program: Logical) -> None:
    planning = planned(program)
    if planning is None:
        return
    together = OtherWays(program, planning)
    for reader in program.makers:
        assert together.of(reader) == OtherWays(program, planning).of(reader)
