"""Every statement belongs to one layer; drawings and reports speak of layers and turns."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st
from small_programs import (
    TOKENS,
    at,
    cluster,
    compute,
    gather_program,
    mesh,
    mlp_program,
    move,
    value,
)
from small_programs import source as source_of

from helixc.analysis.layers import find_layers, label_of
from helixc.diagnostics import Span
from helixc.ir.layout import WHOLE, AllReduce
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.plan import Block, Label, Place, Plan
from helixc.ir.spmd import Compute, Loop, LoopValue, Spmd, walk
from helixc.ir.tensor import Dim


def step(result: str, scope: int, span: Span, *reads: str) -> Compute:
    """A gelu of one value, or the sum of several."""
    kind = "add" if len(reads) > 1 else "gelu"
    op = Op(result=result, kind=kind, operands=reads, type=value(*TOKENS), scope=scope, span=span)
    return compute(op)


def program(scopes: tuple[Scope, ...], *body: Compute | Loop) -> Spmd:
    """A program on one GPU whose input is ``x``."""
    return Spmd(
        name="small",
        dims=(Dim("batch", 2), Dim("embed", 2)),
        scopes=(Scope(id=0, parent=-1, kind="model", name="small"), *scopes),
        mesh=mesh(tp=1),
        body=(source_of("input", "x", TOKENS, WHOLE, 0), *body),
        outputs=(Output("y", "y"),),
        plan=Plan(name="p", axes=()),
        cluster=cluster(gpus=1),
    )


def carry(entry: str, init: str, yields: str, result: str) -> LoopValue:
    """A carried value that is whole."""
    return LoopValue(
        entry=entry, init=init, yields=yields, result=result, type=value(*TOKENS), layout=WHOLE
    )


def owners(spmd: Spmd) -> dict[str, str]:
    layers = find_layers(spmd)
    return {value: layers.layers[position].title for value, position in layers.of.items()}


CALL_A = Scope(id=1, parent=0, kind="layer", name="a", span=at(2, 9, 20))
CALL_B = Scope(id=2, parent=0, kind="layer", name="b", span=at(3, 9, 20))


def test_an_operator_of_the_body_goes_with_the_call_in_its_statement() -> None:
    found = owners(
        program(
            (CALL_A, CALL_B),
            step("norm", 0, at(2, 12, 18), "x"),
            step("in_a", 1, at(10), "norm"),
            step("sum", 0, at(2, 5, 30), "x", "in_a"),
            step("norm2", 0, at(3, 12, 18), "sum"),
            step("in_b", 2, at(11), "norm2"),
            step("y", 0, at(3, 5, 30), "sum", "in_b"),
        )
    )
    assert [found[v] for v in ("norm", "in_a", "sum", "norm2", "in_b", "y")] == [*"aaabbb"]


def test_a_statement_without_a_call_goes_with_the_last_call() -> None:
    found = owners(
        program(
            (CALL_A, CALL_B),
            step("in_a", 1, at(10), "x"),
            step("after", 0, at(2, 5, 30), "in_a"),
            step("alone", 0, at(5), "after"),
            step("in_b", 2, at(11), "alone"),
            step("y", 0, at(3, 5, 30), "in_b"),
        )
    )
    assert found["alone"] == "a"


def test_the_first_statement_goes_with_the_next_call_when_there_is_none_before() -> None:
    found = owners(program((CALL_A,), step("first", 0, at(1), "x"), step("y", 1, at(10), "first")))
    assert found["first"] == found["x"] == "a"


def test_without_spans_an_operator_goes_with_the_last_call() -> None:
    spmd = mlp_program()
    loop = spmd.body[1]
    assert isinstance(loop, Loop)
    bare = tuple(
        attrs.evolve(s, op=attrs.evolve(s.op, span=Span("", 0, 0, 0, 0)))
        if isinstance(s, Compute)
        else s
        for s in loop.body
    )
    stripped = attrs.evolve(spmd, body=(spmd.body[0], attrs.evolve(loop, body=bare)))
    assert owners(stripped)["ln"] == owners(stripped)["sum"] == "mlp"


def test_a_body_without_calls_is_a_layer_of_its_own() -> None:
    layers = find_layers(gather_program())
    assert [layer.title for layer in layers.layers] == ["gathers"]
    assert layers.layers[0].indices == (None,)


def test_what_follows_a_repeat_does_not_join_its_layers() -> None:
    spmd = mlp_program()
    final = step("end", 0, at(5), "x_out")
    spmd = attrs.evolve(spmd, body=(*spmd.body, final), outputs=(Output("x", "end"),))
    assert owners(spmd)["end"] == "tiny"


def test_a_move_goes_with_its_reader_in_a_call_and_else_with_its_producer() -> None:
    layers = find_layers(mlp_program())
    assert layers.layer("down.1").title == "mlp"
    moved = move("x.1", "x", AllReduce(("tp",)), value(*TOKENS), WHOLE, 0)
    spmd = program((CALL_A,), step("in_a", 1, at(10), "x.1"), step("y", 0, at(6), "in_a"))
    spmd = attrs.evolve(spmd, body=(spmd.body[0], moved, *spmd.body[1:]))
    assert find_layers(spmd).layer("x.1").title == "a"


def test_a_move_out_of_a_repeat_does_not_join_a_layer_that_turns() -> None:
    spmd = mlp_program()
    moved = move("y", "x_out", AllReduce(("tp",)), value(*TOKENS), WHOLE, 0)
    spmd = attrs.evolve(spmd, body=(*spmd.body, moved), outputs=(Output("x", "y"),))
    layers = find_layers(spmd)
    assert layers.layer("y").repeats == ()
    assert layers.runs_per_turn("y") == 1


@given(outer=st.integers(1, 5), inner=st.integers(1, 5))
def test_a_repeat_inside_a_layer_runs_more_than_once_per_turn(outer: int, inner: int) -> None:
    scopes = (
        Scope(id=1, parent=0, kind="repeat", name="layer", first=2, turns=outer),
        Scope(id=2, parent=1, kind="layer", name="mlp", span=at(3)),
        Scope(id=3, parent=2, kind="repeat", name="round", turns=inner),
    )
    rounds = Loop(
        trips=inner,
        carried=(carry("b", "a", "c", "d"),),
        body=(step("c", 3, at(9), "b"),),
        scope=3,
    )
    turns = Loop(
        trips=outer,
        carried=(carry("a", "x", "d", "y"),),
        body=(rounds,),
        scope=1,
    )
    layers = find_layers(program(scopes, turns))
    assert layers.layer("c").name == "mlp"
    assert layers.layer("c").indices == range(2, 2 + outer)
    assert layers.runs["c"] == outer * inner
    assert layers.runs_per_turn("c") == inner


@given(turns=st.integers(1, 100))
def test_every_statement_has_exactly_one_layer(turns: int) -> None:
    spmd = mlp_program(turns=turns)
    layers = find_layers(spmd)
    results = [s.result for s in walk(spmd.body) if not isinstance(s, Loop)]
    assert list(layers.of) == results
    assert all(0 <= position < len(layers.layers) for position in layers.of.values())
    assert all(runs in (1, turns) for runs in layers.runs.values())


def test_the_innermost_and_latest_label_names_a_layer() -> None:
    spmd = mlp_program()
    plan = attrs.evolve(
        spmd.plan,
        blocks=(
            Block(places=(Place(0),), lines=(Label("all"),)),
            Block(places=(Place(2),), lines=(Label("one"), Label("two"))),
            Block(places=(Place(2, "w1"),), lines=(Label("of_a_value"),)),
        ),
    )
    assert label_of(plan, spmd.scopes, 2) == "two"
    assert label_of(plan, spmd.scopes, 1) == "all"
