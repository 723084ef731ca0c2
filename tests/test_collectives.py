"""Collectives are reported with their groups, their bytes and their reason."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from hypothesis import given
from hypothesis import strategies as st
from small_programs import at, gather_program, mlp_program

from helixc.analysis.collectives import Alternative, Collective, axis_names, find_collectives
from helixc.analysis.layers import find_layers
from helixc.ir.layout import Permute, Slice, make_layout
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.spmd import Compute, Loop, Move, Spmd, walk


def collectives(spmd: Spmd) -> tuple[Collective, ...]:
    return find_collectives(spmd, find_layers(spmd))


def with_move(spmd: Spmd, change: Callable[[Move], Move]) -> Spmd:
    """The program of an MLP with its all-reduce changed."""
    given_, loop = spmd.body
    assert isinstance(loop, Loop)
    body = tuple(change(s) if isinstance(s, Move) else s for s in loop.body)
    return attrs.evolve(spmd, body=(given_, attrs.evolve(loop, body=body)))


@given(rows=st.integers(1, 5), columns=st.integers(1, 5))
def test_each_gather_brings_what_the_others_of_its_group_hold(rows: int, columns: int) -> None:
    inner, outer = collectives(gather_program(rows=rows, columns=columns))
    block = 6 * 4 * 2
    assert (inner.kind, inner.axes, inner.dims) == ("all_gather", ("b",), ("batch",))
    assert (inner.group_size, inner.groups) == (columns, rows)
    assert inner.bytes_per_gpu == (columns - 1) * block
    assert (outer.axes, outer.group_size, outer.groups) == (("a",), rows, columns)
    assert outer.bytes_per_gpu == (rows - 1) * columns * block


@given(ways=st.integers(1, 8))
def test_an_all_reduce_receives_twice_all_but_its_own_part(ways: int) -> None:
    (found,) = collectives(mlp_program(ways=ways))
    assert found.kind == "all_reduce"
    assert found.bytes_per_gpu == -(-2 * (ways - 1) * 12 * 8 * 2 // ways)
    assert (found.group_size, found.groups, found.times) == (ways, 1, 1)
    assert found.layer.indices == range(2)


def test_a_collective_points_at_the_plan_and_else_at_the_model() -> None:
    spmd = mlp_program()
    (found,) = collectives(spmd)
    (line_of_down,) = [
        s.op.span for s in walk(spmd.body) if isinstance(s, Compute) and s.result == "down"
    ]
    assert found.source == line_of_down
    asked = with_move(spmd, lambda m: attrs.evolve(m, why=attrs.evolve(m.why, line=at(20))))
    (found,) = collectives(asked)
    assert found.source == at(20)
    assert found.why == "the plan asks for it"


def test_what_was_passed_over_is_asked_of_whoever_chose() -> None:
    other = Alternative(how="gather", bytes_per_gpu=1, picoseconds=2, scope="operator")
    spmd = gather_program()
    found = find_collectives(
        spmd, find_layers(spmd), lambda move: (other,) if "1" in move.result else ()
    )
    assert [c.alternatives for c in found] == [(other,), ()]


def test_local_steps_are_no_collectives() -> None:
    local = with_move(mlp_program(), lambda m: attrs.evolve(m, step=Slice("batch", ("tp",))))
    assert collectives(local) == ()


def test_a_permute_takes_the_axes_that_change_places() -> None:
    swapped = Permute(make_layout({"batch": ("b", "a")}))
    spmd = gather_program()
    first, *rest = [s for s in spmd.body if isinstance(s, Move)]
    permute = attrs.evolve(first, step=swapped, layout=swapped.layout)
    spmd = attrs.evolve(spmd, body=(*spmd.body[:2], permute))
    (found,) = collectives(spmd)
    assert rest
    assert (found.kind, found.axes, found.dims) == ("permute", ("a", "b"), ("batch",))
    assert (found.group_size, found.groups) == (6, 1)
    assert found.bytes_per_gpu == 6 * 4 * 2


CUT = Mesh(
    axes=(Axis("dp", 2), Axis("tp", 16)),
    atoms=(Atom("dp", "dp", 2), Atom("tp.0", "tp", 8), Atom("tp.1", "tp", 2)),
)


def test_all_pieces_of_an_axis_in_order_are_the_axis() -> None:
    assert axis_names(("tp.0", "tp.1"), CUT) == ("tp",)
    assert axis_names(("dp", "tp.0", "tp.1"), CUT) == ("dp", "tp")
    assert axis_names(("tp.1", "tp.0"), CUT) == ("tp.1", "tp.0")
    assert axis_names(("tp.1",), CUT) == ("tp.1",)
    assert axis_names(("tp.0", "dp"), CUT) == ("tp.0", "dp")
    assert axis_names((), CUT) == ()
