"""The longest path adds up what waits for each other and hides what does not."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_programs import TOKENS, cluster, compute, mesh, mlp_program, move, plan, source, value

from helixc.analysis.critical_path import (
    CriticalPath,
    expression_of,
    find_critical_path,
    flat_steps,
)
from helixc.analysis.layers import find_layers
from helixc.analysis.path_layers import layer_paths, outline
from helixc.analysis.schedule import find_schedule
from helixc.diagnostics import CompilerBug
from helixc.ir.layout import WHOLE, AllReduce, make_layout
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, Why
from helixc.ir.tensor import Dim
from helixc.price.interval import Price, exactly


def work(result: str, *reads: str) -> Compute:
    """An elementwise operator on its own input."""
    kind = "gelu" if len(reads) == 1 else "add"
    return compute(Op(result=result, kind=kind, operands=reads, type=value(*TOKENS)))


def talk(result: str, origin: str, picoseconds: int) -> Move:
    """An all-reduce that takes so long."""
    step = move(result, origin, AllReduce(("tp",)), value(*TOKENS), WHOLE, 0)
    return attrs.evolve(step, picoseconds=picoseconds)


def straight(*body: Compute | Move | Loop, result: str = "y") -> Spmd:
    """A program of these statements on an input ``x`` that is partial, so that it can be reduced."""
    partial = make_layout({}, ("tp",))
    return Spmd(
        name="small",
        dims=(Dim("batch", 4), Dim("embed", 8)),
        scopes=(Scope(id=0, parent=-1, kind="model", name="small"),),
        mesh=mesh(tp=2),
        body=(source("input", "x", TOKENS, partial, 0), *body),
        outputs=(Output("y", result),),
        plan=plan(tp=2),
        cluster=cluster(),
    )


def timed(spmd: Spmd, times: dict[str, int]) -> CriticalPath:
    def price(statement: Compute | Move | Reshard) -> Price:
        own = statement.picoseconds if isinstance(statement, Move) else 0
        return exactly(times.get(statement.result, own), "latency")

    return find_critical_path(spmd, find_schedule(spmd, price))


TIME = st.integers(1, 1000)


@given(compute_time=TIME, wire_time=TIME)
def test_what_does_not_wait_for_each_other_runs_side_by_side(
    compute_time: int, wire_time: int
) -> None:
    spmd = straight(talk("r", "x", wire_time), work("a", "x"), work("y", "a", "r"))
    path = timed(spmd, {"a": compute_time, "y": 1})
    assert path.picoseconds == max(compute_time, wire_time) + 1
    assert path.hidden_picoseconds == min(compute_time, wire_time)


@given(compute_time=TIME, wire_time=TIME)
def test_what_waits_for_each_other_adds_up(compute_time: int, wire_time: int) -> None:
    spmd = straight(work("a", "x"), talk("r", "a", wire_time), work("y", "r"))
    path = timed(spmd, {"a": compute_time, "y": 1})
    assert path.picoseconds == compute_time + wire_time + 1
    assert path.hidden_picoseconds == 0


@given(first=TIME, second=TIME)
def test_two_operators_share_one_gpu_even_if_they_do_not_wait(first: int, second: int) -> None:
    spmd = straight(work("a", "x"), work("b", "x"), work("y", "a", "b"))
    assert timed(spmd, {"a": first, "b": second}).picoseconds == first + second


@given(turns=st.integers(1, 1000), ways=st.integers(1, 8))
def test_a_repeat_multiplies_its_turn(turns: int, ways: int) -> None:
    one = find_critical_path(mlp_program(ways=ways, turns=1))
    many = find_critical_path(mlp_program(ways=ways, turns=turns))
    assert many.picoseconds == turns * one.picoseconds
    assert len(list(flat_steps(many.steps))) == len(list(flat_steps(one.steps)))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Spmd, dict[str, int]]:
    """Operators and collectives, each reading one or two earlier values, with times."""
    count = draw(st.integers(1, 12))
    statements: list[Compute | Move] = []
    times: dict[str, int] = {}
    values = ["x"]
    for number in range(count):
        reads = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
        result = f"v{number}"
        if draw(st.booleans()):
            statements.append(talk(result, reads[0], draw(st.integers(0, 9))))
        else:
            statements.append(work(result, *reads))
            times[result] = draw(st.integers(0, 9))
        values.append(result)
    return straight(*statements, result=values[-1]), times


@given(case=bodies())
def test_the_path_lies_between_the_busier_stream_and_everything_in_a_row(
    case: tuple[Spmd, dict[str, int]],
) -> None:
    path = timed(*case)
    busy = (path.compute_picoseconds, path.communication_picoseconds)
    assert max(busy) <= path.picoseconds <= sum(busy)
    assert path.picoseconds == sum(step.picoseconds for step, _ in flat_steps(path.steps))


def test_the_expression_counts_equal_terms_and_multiplies_repeats() -> None:
    path = find_critical_path(mlp_program(turns=3))
    assert path.expression == (
        "3 x (Memory_Time(384 B) + Get_Time(12, 8, 16) + Memory_Time(768 B) + Get_Time(12, 16, 8)"
        " + All_Reduce(192 B, 2) + Memory_Time(576 B))"
    )
    spmd = straight(work("a", "x"), work("b", "a"), work("y", "b"))
    assert timed(spmd, {"a": 1, "b": 1, "y": 1}).expression == "3 x Memory_Time(128 B)"
    assert timed(spmd, {}).expression == "0"
    assert expression_of(()) == "0"


def test_layers_add_up_to_the_whole_path() -> None:
    spmd = mlp_program(turns=5)
    layers, path = find_layers(spmd), find_critical_path(spmd)
    parts = list(layer_paths(path, layers))
    assert outline(path.steps, layers) == "5 x mlp"
    assert [part.name for part in parts] == ["mlp"]
    assert 5 * parts[0].picoseconds == path.picoseconds
    assert f"5 x ({parts[0].expression})" == path.expression


def test_a_program_that_takes_no_time_has_an_empty_path() -> None:
    path = timed(straight(), {})
    assert (path.steps, path.picoseconds, path.hidden_picoseconds) == ((), 0, 0)


def test_an_abstract_reshard_has_no_time_and_is_a_fault_of_the_compiler() -> None:
    why = Why(value="x", reader="", text="")
    reshard = Reshard(
        result="y", source="x", type=value(*TOKENS), layout=WHOLE, scope=0, names=(), why=why
    )
    spmd = straight()
    with pytest.raises(CompilerBug):
        find_critical_path(attrs.evolve(spmd, body=(*spmd.body, reshard)))
