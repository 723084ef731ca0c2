"""A roll moves elements round a dimension: free where it is whole, an exchange of neighbours where it is split."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from helixc.analysis.collectives import move_bytes
from helixc.analysis.critical_path import find_critical_path
from helixc.cli.dumps import print_dump
from helixc.compiler import compile_text
from helixc.elaborate.choice import Choice
from helixc.emit.drawings import draw
from helixc.inspect.inspection import inspect_dot
from helixc.interp.data import Data
from helixc.interp.shrink import shrink, smallest_instance
from helixc.interp.spmd import run_spmd
from helixc.interp.tasks import last_first, run_tasks
from helixc.interp.verify import verify
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.layout import AllGather, Permute, make_layout
from helixc.ir.layout_steps import apply_step, moved_atoms
from helixc.ir.logical import Logical, Repeat, Statement
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.ops import Rolled
from helixc.ir.spmd import Move, Spmd, walk
from helixc.passes.contract import run_pipeline
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule
from helixc.pipeline import to_spmd
from helixc.text.dump_parser import parse_dump

SOURCE = """
gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
cluster c { gpu chip; level gpu = 8 via wire }
model m {
  dim part = 4, length = 4096, width = 512, hidden = 4096
  input x: bf16[part, length, width]
  input w: bf16[width, hidden]
  y = relu(x)
  z = matmul(y, w, over width)
  repeat 3 {
    z = z + matmul(y, w, over width)
    y = abs(y)
  }
  output y, z
}
plan p for m on c { mesh a = 2, cp = 4; SPLIT }
"""


def rolled(split: str, *, by: int = 1) -> Logical:
    """The program in which every ``abs`` moves on along ``part`` instead."""
    program = compile_text(SOURCE.replace("SPLIT", split)).logical

    def changed(statement: Statement) -> Statement:
        if isinstance(statement, Repeat):
            return attrs.evolve(statement, body=tuple(map(changed, statement.body)))
        if statement.kind != "abs":
            return statement
        return attrs.evolve(statement, kind="roll", over=("part",), params=Rolled(by))

    return attrs.evolve(program, body=tuple(map(changed, program.body)))


def placed(program: Logical) -> tuple[list[tuple[str, Logical | Spmd]], Spmd]:
    """The program after each pass, every fact checked in between, and the last."""
    stages: list[tuple[str, Logical | Spmd]] = []

    def keep(name: str, found: object) -> None:
        assert isinstance(found, Logical | Spmd)
        stages.append((name, found))

    run_pipeline(to_spmd(Choice())[1:], program, frozenset(LOGICAL_FACTS), keep, verify_each=True)
    last = stages[-1][1]
    assert isinstance(last, Spmd)
    return stages, last


def moves(program: Spmd) -> list[Move]:
    return [s for s in walk(program.body) if isinstance(s, Move)]


@pytest.mark.parametrize("split", ["", "shard length over cp", "shard width over a, cp"])
def test_where_the_dimension_is_whole_nothing_moves(split: str) -> None:
    program = rolled(split)
    stages, made = placed(program)

    assert not any(isinstance(move.step, Permute) for move in moves(made))
    assert verify(program, stages).verdict == "equal"


@pytest.mark.parametrize("by", [1, 3])
def test_where_each_gpu_has_one_element_neighbours_exchange_it(by: int) -> None:
    program = rolled("shard part over cp; shard length over a", by=by)
    stages, made = placed(program)

    (move,) = moves(made)
    straight = make_layout({"part": ("cp",), "length": ("a",)})
    assert made.layouts[move.source] == make_layout(dict(straight.split), turned=[("part", by)])
    assert move.step == Permute(straight)
    assert move.algorithm == "point-to-point"
    assert move_bytes(move, made) == 4096 * 512 * 2 // 2
    assert verify(program, stages).verdict == "equal"


def test_the_exchange_runs_beside_what_does_not_read_it() -> None:
    _, made = placed(rolled("shard part over cp"))

    (move,) = moves(made)
    assert find_critical_path(made).timing(move).exposed == 0


def test_an_element_that_would_part_from_its_block_is_kept_whole_or_moved_elsewhere() -> None:
    program = rolled("shard part over a")
    stages, made = placed(program)

    assert all(not layout.turned for layout in made.layouts.values())
    assert verify(program, stages).verdict == "equal"


def test_every_gpu_runs_its_tasks_as_all_run_theirs() -> None:
    program = rolled("shard part over cp; shard width over a")
    stages, made = placed(program)
    instance = smallest_instance(program, [one for _, one in stages], {})
    model, small = shrink(program, instance), shrink(made, instance)
    assert isinstance(model, Logical)
    assert isinstance(small, Spmd)
    supply = Data(model, 0, "normal", {})
    tasks = schedule(localize(small))

    found = run_tasks(tasks, supply, last_first(tasks))

    expected = run_spmd(small, supply)
    for moment, blocks in found.values.items():
        np.testing.assert_array_equal(blocks, expected.values[moment])


def test_it_is_drawn_and_the_drawing_is_sound() -> None:
    _, made = placed(rolled("shard part over cp"))

    drawings, _ = draw(made)

    assert any("permute" in drawing.dot for drawing in drawings)
    assert all(inspect_dot(drawing.dot).ok for drawing in drawings)


def test_its_dump_reads_back() -> None:
    stages, _ = placed(rolled("shard part over cp", by=3))

    for _, program in stages:
        assert parse_dump(print_dump(program), "roll.hxir") == program


def test_turned_blocks_are_put_in_order_before_anything_else() -> None:
    mesh = Mesh(axes=(Axis("cp", 4),), atoms=(Atom("cp", "cp", 4),))
    turned = make_layout({"part": ("cp",)}, turned=[("part", 1)])

    assert moved_atoms(turned, turned.straight) == ("cp",)
    assert apply_step(turned, Permute(turned.straight), mesh) == turned.straight
    with pytest.raises(ValueError, match="put in order"):
        apply_step(turned, AllGather("part", ("cp",)), mesh)
