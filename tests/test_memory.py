"""Memory of one GPU: weights, and the most that is alive at one moment."""

from __future__ import annotations

from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st
from small_programs import (
    TOKENS,
    at,
    cluster,
    compute,
    mesh,
    mlp_program,
    move,
    plan,
    source,
    value,
)

from helixc.analysis.layers import find_layers
from helixc.analysis.memory import Memory, find_memory, fit_warnings
from helixc.analysis.schedule import find_schedule
from helixc.ir.layout import WHOLE, AllReduce, AllToAll, make_layout
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.ops import Renamed
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Spmd
from helixc.ir.tensor import Dim, TensorType

BLOCK = 4 * 8 * 2  # bytes of one value


def memory(spmd: Spmd) -> Memory:
    return find_memory(spmd, find_layers(spmd))


def work(result: str, *reads: str) -> Compute:
    kind = "gelu" if len(reads) == 1 else "add"
    return compute(Op(result=result, kind=kind, operands=reads, type=value(*TOKENS)))


def straight(*body: Compute | Move | Loop, outputs: tuple[str, ...] = ("y",)) -> Spmd:
    return Spmd(
        name="small",
        dims=(Dim("batch", 4), Dim("embed", 8), Dim("width", 8)),
        scopes=(
            Scope(id=0, parent=-1, kind="model", name="small"),
            Scope(id=1, parent=0, kind="repeat", name="layer", turns=3),
        ),
        mesh=mesh(tp=2),
        body=(source("input", "x", TOKENS, WHOLE, 0), *body),
        outputs=tuple(Output(name, name) for name in outputs),
        plan=plan(tp=2),
        cluster=cluster(),
    )


def alive(spmd: Spmd) -> list[str]:
    return sorted(live.value for live in memory(spmd).peak)


@given(length=st.integers(1, 20))
def test_a_chain_holds_two_values_at_a_time(length: int) -> None:
    names = ["x", *(f"v{i}" for i in range(length))]
    body = [work(after, before) for before, after in pairwise(names)]
    assert memory(straight(*body, outputs=(names[-1],))).peak_bytes == 2 * BLOCK


def test_a_value_read_later_stays_until_then() -> None:
    spmd = straight(work("a", "x"), work("b", "a"), work("c", "b"), work("y", "c", "x"))
    assert alive(spmd) == ["a", "b", "x"]
    assert memory(spmd).peak_bytes == 3 * BLOCK


def test_an_output_stays_to_the_end() -> None:
    spmd = straight(work("a", "x"), work("b", "a"), work("c", "b"), outputs=("a", "c"))
    assert alive(spmd) == ["a", "b", "c"]


def test_a_relabelling_is_a_view_and_keeps_its_source_alive() -> None:
    type_ = TensorType("bf16", ("batch", "width"))
    view = Op(
        result="v",
        kind="rename",
        operands=("a",),
        params=Renamed((("embed", "width"),)),
        type=type_,
    )
    last = Op(result="y", kind="gelu", operands=("v",), type=type_)
    spmd = straight(work("a", "x"), compute(view), work("b", "x"), compute(last))
    assert alive(spmd) == ["a", "b", "x"]


@given(turns=st.integers(1, 1000), ways=st.integers(1, 4))
def test_weights_exist_once_per_turn_and_activations_do_not(turns: int, ways: int) -> None:
    one, many = memory(mlp_program(ways, 1)), memory(mlp_program(ways, turns))
    assert many.weights_bytes == turns * one.weights_bytes == turns * 2 * 8 * 16 * 2
    assert many.peak_bytes == one.peak_bytes
    assert many.largest_activation == one.largest_activation


def repeated(*body: Compute, yields: str, result: str = "y") -> Loop:
    carried = LoopValue(
        entry="e", init="x", yields=yields, result=result, type=value(*TOKENS), layout=WHOLE
    )
    inside = [attrs.evolve(s, op=attrs.evolve(s.op, scope=1)) for s in body]
    return Loop(trips=3, carried=(carried,), body=tuple(inside), scope=1)


def test_a_carried_value_takes_over_the_buffer_that_it_starts_from() -> None:
    assert memory(straight(repeated(work("a", "e"), yields="a"))).peak_bytes == 2 * BLOCK


def test_a_start_value_that_is_read_later_is_held_beside_the_carried_one() -> None:
    loop = repeated(work("a", "e"), yields="a", result="r")
    assert memory(straight(loop, work("y", "r", "x"))).peak_bytes == 3 * BLOCK


def test_what_a_repeat_takes_from_outside_stays_through_all_turns() -> None:
    loop = repeated(work("a", "e", "o"), work("b", "a"), yields="b")
    assert alive(straight(work("o", "x"), loop)) == ["a", "o", "x"]


def test_a_start_value_that_a_repeat_also_reads_itself_stays() -> None:
    loop = repeated(work("a", "e", "x"), yields="a")
    assert memory(straight(loop)).peak_bytes == 3 * BLOCK


def test_the_largest_value_is_named_with_its_layer() -> None:
    largest = memory(mlp_program()).largest_activation
    assert largest is not None
    assert (largest.name, largest.bytes) == ("mlp.up", 12 * 16 * 2)


def test_a_program_that_cannot_fit_is_warned_about_with_its_largest_tensors() -> None:
    found = memory(mlp_program())
    assert found.fits
    assert fit_warnings(found, "chip", at(1)) == ()
    small = attrs.evolve(found, capacity_bytes=found.needed_bytes - 1)
    (warning,) = fit_warnings(small, "chip", at(1))
    assert (warning.code, warning.severity, warning.span) == ("HX0701", "warning", at(1))
    assert "cannot fit" in warning.message
    assert any("mlp.up takes 384 B" in note.message for note in warning.notes)
    exactly = attrs.evolve(found, capacity_bytes=found.needed_bytes)
    assert exactly.fits


def test_what_runs_side_by_side_is_there_side_by_side() -> None:
    """A collective has its source and its result while the next operator has its own."""
    partial = make_layout({}, ("tp",))
    spmd = straight(
        compute(Op(result="a", kind="gelu", operands=("x",), type=value(*TOKENS)), partial),
        move("r", "a", AllReduce(("tp",)), value(*TOKENS), WHOLE, 0),
        work("b", "x"),
        work("y", "b", "r"),
    )
    found = memory(spmd)
    assert sorted(live.value for live in found.peak) == ["a", "b", "r", "x"]
    assert {live.value: live.kind for live in found.peak}["r"] == "communication"
    assert (found.communication_bytes, found.peak_bytes) == (BLOCK, 4 * BLOCK)
    assert found.fullest is not None
    assert (found.fullest.value, found.fullest.does) == ("b", "gelu")


def test_an_all_to_all_packs_what_it_sends() -> None:
    rows, columns = make_layout({"batch": ("tp",)}), make_layout({"embed": ("tp",)})
    spmd = straight(
        compute(Op(result="a", kind="gelu", operands=("x",), type=value(*TOKENS)), rows),
        move("b", "a", AllToAll("batch", "embed", ("tp",)), value(*TOKENS), columns, 0),
        move("y", "b", AllToAll("embed", "batch", ("tp",)), value(*TOKENS), rows, 0),
        outputs=("a", "y"),
    )
    found = memory(spmd)
    assert {live.bytes for live in found.peak} == {BLOCK // 2}
    assert [(live.value, live.kind) for live in found.peak] == [
        ("a", "activation"),
        ("b", "communication"),
        ("y", "communication"),
        ("y", "communication"),
    ]
    assert found.peak[-1].name == f"what all_to_all of {found.peak[-2].name} sends"


@given(turns=st.integers(1, 1000))
def test_the_curve_shows_one_turn_and_the_peak_is_on_it(turns: int) -> None:
    found = memory(mlp_program(turns=turns))
    assert len(found.curve) == 9
    assert max(point.bytes for point in found.curve) == found.peak_bytes
    times = [point.picoseconds for point in found.curve]
    assert times == sorted(times)
    assert found.by_dtype == (("bf16", found.weights_bytes, 0, found.peak_bytes),)


def lived(spmd: Spmd) -> int:
    """The peak of a straight program, by looking at every moment of its schedule."""
    moments = find_schedule(spmd).moments(lambda loop: range(loop.trips))
    begun = [moment.statement for moment in moments if moment.begins]
    statements = [s for s in begun if isinstance(s, Compute)]
    outputs = [output.value for output in spmd.outputs]
    most = 0
    for moment, _ in enumerate(statements):
        held = 0
        for birth, statement in enumerate(statements[: moment + 1]):
            later = [s for s in statements[moment:] if statement.result in s.op.reads]
            if birth == moment or later or statement.result in outputs:
                held += BLOCK
        most = max(most, held)
    return most


@given(data=st.data(), count=st.integers(1, 12))
def test_liveness_equals_looking_at_every_moment(data: st.DataObject, count: int) -> None:
    values = ["x"]
    body: list[Compute] = []
    for number in range(count):
        reads = data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))
        body.append(work(f"v{number}", *reads))
        values.append(f"v{number}")
    outputs = tuple(data.draw(st.lists(st.sampled_from(values), min_size=1, unique=True)))
    spmd = straight(*body, outputs=outputs)
    assert memory(spmd).peak_bytes == lived(spmd)
