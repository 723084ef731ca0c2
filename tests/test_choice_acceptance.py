"""What the choice promises: its alternatives are true, it is never worse than a narrower freedom.

And where the states are too many, where little fits, and where a program repeats, it says or does what it
should.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from drawn_choices import programs
from hypothesis import given, settings
from oracle_programs import HARDWARE, program

from helixc.analysis.collectives import kind_of, move_bytes
from helixc.analysis.critical_path import find_critical_path
from helixc.choice.alternatives import OtherWays
from helixc.choice.bodies import Body
from helixc.choice.choose import NARROW, WIDE, Chooser, Limits, choose
from helixc.choice.planning import Planning, plan_layouts
from helixc.choice.problem import Assignment, Problem
from helixc.choice.solution import Solution
from helixc.compiler import Compilation, compile, compile_text, plan_names
from helixc.diagnostics import Findings
from helixc.interp.verify import verify
from helixc.ir.invariants import COMMUNICATED_FACTS
from helixc.ir.layout import WHOLE, Layout
from helixc.ir.logical import Logical, Op, Repeat, walk
from helixc.ir.plan import Block, DimRef, Line, Shard, Strict
from helixc.ir.spmd import Loop, Move, Spmd, SpmdStatement
from helixc.ir.spmd import walk as spmd_walk
from helixc.passes.communicate import communicate
from helixc.passes.partition import write
from helixc.text.loader import load_path

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.hx"))
HELIX = next(path for path in EXAMPLES if path.stem == "helix_16")
PLANS = [(path, plan) for path in EXAMPLES for plan in plan_names(load_path(path))]
EACH_PLAN = pytest.mark.parametrize(
    ("path", "plan"), PLANS, ids=[f"{path.stem}-{plan}" for path, plan in PLANS]
)
VIAS = ("all_reduce", "all_gather", "all_to_all", "weights")


def last_logical(compiled: Compilation) -> Logical:
    """The program that was partitioned."""
    return [stage for _, stage in compiled.stages if isinstance(stage, Logical)][-1]


def planned(program: Logical) -> Planning | None:
    """The planning of a program, or None where its plan cannot be followed."""
    findings = Findings()
    planning = plan_layouts(program, findings)
    return None if findings.errors else planning


def solved(program: Logical) -> Solution | None:
    """The choice for a program, if its plan leaves one."""
    planning = planned(program)
    return None if planning is None else choose(Problem(program, planning))


def with_block(program: Logical, block: Block) -> Logical:
    """The program with one more block at the end of its plan."""
    plan = attrs.evolve(program.plan, blocks=(*program.plan.blocks, block))
    return attrs.evolve(program, plan=plan)


def received(body: tuple[SpmdStatement, ...], spmd: Spmd) -> int:
    """Bytes that a GPU receives in a body, all turns."""
    total = 0
    for statement in body:
        if isinstance(statement, Loop):
            total += statement.trips * received(statement.body, spmd)
        elif isinstance(statement, Move) and kind_of(statement.step):
            total += move_bytes(statement, spmd)
    return total


def ways_of(problem: Problem, reader: str, most: int = 40) -> list[Assignment]:
    """The ways of an operator that some complete program takes, cheapest program first."""
    found: list[Assignment] = []
    while len(found) < most:
        limits = Limits(width=NARROW, banned={reader: tuple(found)})
        solution = Chooser(problem, limits).solve()
        if solution is None:
            break
        found.append(assignment_of(solution, reader))
    return found


def assignment_of(solution: Solution, reader: str) -> Assignment:
    """The way that a solution takes for an operator."""
    for step in solution.all_steps():
        if isinstance(step.statement, Op) and step.statement.result == reader and step.way:
            return step.way.assignment
    raise AssertionError(f"{reader} is not in the solution")


def only(problem: Problem, reader: str, way: Assignment) -> Solution | None:
    """The choice where one way of an operator is the only one left."""
    others = tuple(found for found in ways_of(problem, reader) if found != way)
    return Chooser(problem, Limits(width=NARROW, banned={reader: others})).solve()


def check_alternatives(program: Logical, planning: Planning, reader: str) -> int:
    """Every alternative is a program with the bytes and seconds announced; how many there are."""
    problem = Problem(program, planning)
    others = OtherWays(program, planning).of(reader)
    for other in others:
        solution = only(problem, reader, other.assignment)
        assert solution is not None
        assert assignment_of(solution, reader) == other.assignment
        assert solution.cost[:2] == (other.gathers, other.picoseconds)
        spmd = communicate(write(problem, solution))
        for fact in COMMUNICATED_FACTS:
            assert list(fact.check(spmd)) == []
        assert received(spmd.body, spmd) == other.bytes_per_gpu
        assert find_critical_path(spmd).busy_picoseconds == other.picoseconds
    return len(others)


# --- alternatives are true


@pytest.mark.parametrize("plan", ["two_level", "megatron_sp"])
def test_forcing_an_alternative_of_the_reference_case_yields_what_was_announced(plan: str) -> None:
    compiled = compile(HELIX, plan=plan)
    logical = last_logical(compiled)
    planning = planned(logical)
    assert planning is not None
    moves = [s for s in spmd_walk(compiled.spmd.body) if isinstance(s, Move)]
    readers = dict.fromkeys(move.why.reader for move in moves if kind_of(move.step))
    assert sum(check_alternatives(logical, planning, r) for r in readers if r) > 2


GATHERED_OTHERWISE = """
gpu chip { memory = 1 TB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
link wire { bandwidth = 50 GB/s; latency = 10 us }
model m {
  dim a = 48, b = 240, c = 48
  input x: bf16[a, b]
  weight w: bf16[a, c]
  y = matmul(x, w, over a)
  output y
}
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh t = 2; shard a over t }
"""


def test_an_alternative_that_gathers_a_weight_unasked_says_so() -> None:
    logical = last_logical(compile_text(GATHERED_OTHERWISE))
    planning = planned(logical)
    assert planning is not None
    others = OtherWays(logical, planning).of("y")
    assert any(other.gathers for other in others)
    for other in others:
        problem = Problem(logical, planning)
        solution = only(problem, "y", other.assignment)
        assert solution is not None
        notes = {note.code for note in write(problem, solution).notes}
        assert ("HX0601" in notes) == bool(other.gathers)
    assert check_alternatives(logical, planning, "y") == len(others)


@settings(max_examples=40)
@given(programs(most=4))
def test_forcing_an_alternative_yields_what_was_announced(program: Logical) -> None:
    planning = planned(program)
    if planning is not None:
        for op in program.makers.values():
            check_alternatives(program, planning, op.result)


# --- never worse than a narrower freedom


def not_worse(free: Solution, forced: Solution) -> bool:
    """In the stated order, within the gap that was reported."""
    gathers, picoseconds = forced.cost[:2]
    return free.cost[:2] <= (gathers, picoseconds + free.gap)


@EACH_PLAN
def test_no_example_costs_more_than_under_strict(path: Path, plan: str) -> None:
    logical = last_logical(compile(path, plan=plan))
    first = logical.plan.blocks[0]
    strict = attrs.evolve(first, lines=(*first.lines, Strict()))
    blocks = (strict, *logical.plan.blocks[1:])
    held = attrs.evolve(logical, plan=attrs.evolve(logical.plan, blocks=blocks))
    free, forced = solved(logical), solved(held)
    assert free is not None
    assert forced is not None
    assert not_worse(free, forced)


def forcing_blocks(logical: Logical) -> Iterator[Block]:
    """A ``via`` line at every contraction, about an axis and a dimension that the plan puts together.

    A line about another pair would give the operator a freedom that the plan does not.
    """
    lines = [line for block in logical.plan.blocks for line in block.lines]
    pairs = {
        (leaf, axis)
        for line in lines
        if isinstance(line, Shard)
        for ref in line.dims
        for leaf in ref.leaves
        for axis in line.axes
    }
    for op in walk(logical.body):
        if isinstance(op, Op) and op.names:
            for leaf, axis in sorted(pairs):
                if leaf in op.over and leaf not in op.type.dims:
                    for via in VIAS:
                        line = Shard((DimRef(leaf, (leaf,)),), (axis,), via)
                        yield Block((op.names[0],), (line,), parent=0)


def forces(line: Line) -> bool:
    return isinstance(line, Shard) and bool(line.via)


@EACH_PLAN
def test_no_example_costs_more_than_with_a_way_forced(path: Path, plan: str) -> None:
    """Where the plan forces something itself, a line more could undo that."""
    logical = last_logical(compile(path, plan=plan))
    free = solved(logical)
    assert free is not None
    if any(forces(line) for block in logical.plan.blocks for line in block.lines):
        return
    found = [solved(with_block(logical, block)) for block in forcing_blocks(logical)]
    assert any(found) or path != HELIX
    assert all(not_worse(free, forced) for forced in found if forced is not None)


@settings(max_examples=40)
@given(programs(most=4))
def test_no_program_costs_more_than_with_one_way_forced(program: Logical) -> None:
    planning = planned(program)
    if planning is None:
        return
    problem = Problem(program, planning)
    free = choose(problem)
    assert free is not None
    for op in program.makers.values():
        for way in ways_of(problem, op.result):
            forced = only(problem, op.result, way)
            assert forced is not None
            assert not_worse(free, forced)


# --- states that explode

BRANCHES = 12


def branching(model: str) -> str:
    """A dozen branches that all stay alive to the end, on a mesh of three axes."""
    return f"""{HARDWARE}
model m {{
  dtype bf16
  dim batch = 64, seq = 1024, embed = 2048, hidden = 4096
  input x: bf16[batch, seq, embed]
{model}
  output x
}}
layer branch(x: [.., embed]) -> [.., embed] {{
  weight w: [embed, hidden]
  weight v: [hidden, embed]
  return matmul(gelu(matmul(x, w, over embed)), v, over hidden)
}}
plan p for m on eight {{
  mesh a = 2, b = 2, c = 2
  shard seq over a
  shard embed over c
  in branch {{ shard hidden over b, c }}
}}
"""


BODY = "\n".join(
    [*(f"b{i} = branch(x)" for i in range(BRANCHES)), *(f"x = x + b{i}" for i in range(BRANCHES))]
)


def test_a_program_whose_states_explode_says_how_good_its_choice_is() -> None:
    """More than 40 operators and far more states than are followed; the program is still right."""
    compiled = compile_text(branching(BODY))
    logical = last_logical(compiled)
    assert sum(op.kind != "weight" for op in logical.makers.values()) > 40
    (note,) = [note for note in compiled.spmd.notes if note.code == "HX0602"]
    assert note.severity == "note"
    for fact in COMMUNICATED_FACTS:
        assert list(fact.check(compiled.spmd)) == []
    versions = [(name, s) for name, s in compiled.stages[1:] if isinstance(s, Logical | Spmd)]
    assert verify(compiled.logical, versions).verdict == "equal"

    planning = planned(logical)
    assert planning is not None
    problem = Problem(logical, planning)
    best = choose(problem)
    assert best is not None
    assert best.gap > 0
    assert f"at most {best.gap / 1e12:.3g} s" in note.message
    wider = Chooser(problem, Limits(width=WIDE)).solve()
    assert wider is not None
    assert wider.cost[1] >= best.cost[1] - best.gap


def test_no_more_values_are_alive_in_a_program_of_many_layers_than_of_few() -> None:
    """Weights of later layers are not decided before those layers are."""
    alive = []
    for layers in (2, 20):
        logical = last_logical(compile_text(branching("x = x + branch(x)\n" * layers)))
        body = Body.of(logical.body, [output.value for output in logical.outputs])
        made = {s.result: i for i, s in enumerate(body.statements) if isinstance(s, Op)}
        positions = range(len(body.statements))
        alive.append(max(sum(made[v] <= i < body.last[v] for v in made) for i in positions))
    assert alive[0] == alive[1]


def test_the_gap_of_a_repeat_counts_every_turn() -> None:
    """A body that is not proven best is one in each of its turns."""
    gaps = []
    for turns in (1, 10):
        compiled = compile_text(branching(f"repeat {turns} {{\n{BODY}\n}}"))
        best = solved(last_logical(compiled))
        assert best is not None
        gaps.append(best.gap)
    assert gaps[0] > 0
    assert gaps[1] == 10 * gaps[0]


@pytest.mark.parametrize(
    ("bound", "left_out"),
    [
        ("candidates.MOST_MIXED", "not every mixture of splits was tried"),
        ("moves.ALL_SUBSETS", "not every way to move a value was tried"),
        ("reshard.MOST_LAYOUTS", "not every way to move a value was tried"),
    ],
)
def test_what_many_mesh_axes_leave_out_is_reported(
    monkeypatch: pytest.MonkeyPatch, bound: str, left_out: str
) -> None:
    """Also where no state was dropped: a gap says nothing of what was never tried."""
    text = branching("x = branch(x)")
    assert [n for n in compile_text(text).spmd.notes if n.code == "HX0602"] == []
    monkeypatch.setattr(f"helixc.choice.{bound}", 1)
    (note,) = [n for n in compile_text(text).spmd.notes if n.code == "HX0602"]
    assert left_out in note.message
    assert "at most" not in note.message


# --- repeats


class WholeBoundary(Problem):
    """The same with carried values whole at entry and exit."""

    def boundaries(self, repeat: Repeat) -> list[tuple[Layout, ...]]:
        return [tuple(WHOLE for _ in repeat.carried)]


class PlannedBoundary(Problem):
    """The same with carried values as the plan has them."""

    def boundaries(self, repeat: Repeat) -> list[tuple[Layout, ...]]:
        return [tuple(self.planning.layouts[c.entry] for c in repeat.carried)]


def test_the_boundary_of_a_repeat_stays_split_along_the_sequence() -> None:
    """``megatron_sp``: carried values split along ``seq`` win over whole ones."""
    compiled = compile(HELIX, plan="megatron_sp")
    (loop,) = [s for s in compiled.spmd.body if isinstance(s, Loop)]
    assert [value.layout.split for value in loop.carried] == [(("seq", ("tp",)),)]
    logical = last_logical(compiled)
    planning = planned(logical)
    assert planning is not None
    split = Chooser(PlannedBoundary(logical, planning), Limits()).solve()
    whole = Chooser(WholeBoundary(logical, planning), Limits()).solve()
    best = solved(logical)
    assert split is not None
    assert whole is not None
    assert best is not None
    assert best.cost == split.cost
    assert split.cost[:2] < whole.cost[:2]


# --- fit first

SHORT = """
  dim batch = 1024, seq = 128, embed = 8192, head = 16, head_dim = 512
"""
ATTENTION = """
  input x: bf16[batch, seq, embed]
  output y = mha(x)
"""
GATHERING = """mesh sp = 2
  shard seq over sp
  in mha { shard head over sp; keep weights }"""


def with_memory(memory: str) -> str:
    """Attention on two GPUs, where to gather x is fastest and to exchange Q, K, V takes less room."""
    text = program(GATHERING, sizes=SHORT, body=ATTENTION, cluster="eight")
    return text.replace("memory = 1000 PB", f"memory = {memory}")


def kinds(text: str) -> list[str]:
    """The collectives of a program, in order."""
    moves = (s for s in spmd_walk(compile_text(text).spmd.body) if isinstance(s, Move))
    return [kind for move in moves if (kind := kind_of(move.step))]


def test_of_two_programs_the_one_that_fits_is_taken_though_it_is_slower() -> None:
    """0.5 GB of weights; x gathered is one block of 2.1 GB, exchanged its parts have 1.1 GB."""
    fastest, fitting = compile_text(with_memory("3 GB")), compile_text(with_memory("2 GB"))
    assert kinds(with_memory("3 GB")) == ["all_gather", "all_to_all"]
    assert kinds(with_memory("2 GB")) == ["all_to_all"] * 4
    times = [find_critical_path(c.spmd).busy_picoseconds for c in (fastest, fitting)]
    assert times[0] < times[1]


def test_where_nothing_fits_the_fastest_is_taken() -> None:
    assert kinds(with_memory("1.2 GB")) == ["all_gather", "all_to_all"]


# --- determinism


def test_the_same_program_comes_out_whatever_the_seed_of_hashes(tmp_path: Path) -> None:
    """Where states are dropped, ties decide, and ties must not depend on the order of sets."""
    path = tmp_path / "branching.hx"
    path.write_text(branching(BODY), encoding="utf-8", newline="\n")
    script = "import sys; from helixc.cli.main import run; sys.exit(run(sys.argv[1:]))"
    arguments = ["compile", str(path), "--stop-after", "simplify"]
    texts = [
        subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=HELIX.parent.parent,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert texts[0] == texts[1] == texts[2]
    assert len(texts[0]) > 1000
