"""The steps of the layout algebra: what each does, why some are illegal, and which undo each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_programs import mesh

from helixc.ir.layout import (
    WHOLE,
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    make_layout,
)
from helixc.ir.layout_steps import apply_step, mesh_order, moved_atoms

MESH = mesh(a=2, b=2, c=3, d=2)
ATOMS = ("a", "b", "c", "d")
DIMS = ("x", "y")

orders = st.permutations(ATOMS)


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    """Any layout of a value of two dimensions on the mesh, by dealing out its atoms."""
    places = draw(st.lists(st.sampled_from([*DIMS, "partial", "none"]), min_size=4, max_size=4))
    dealt = list(zip(draw(orders), places, strict=True))
    split = {dim: [atom for atom, place in dealt if place == dim] for dim in DIMS}
    partial = mesh_order((atom for atom, place in dealt if place == "partial"), MESH)
    return make_layout(split, partial, draw(st.sampled_from(["sum", "max", "min"])))


def unused(layout: Layout) -> tuple[str, ...]:
    """The atoms over which a value is replicated."""
    return tuple(atom for atom in ATOMS if atom not in layout.used)


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        (WHOLE, Slice("x", ("a", "b")), make_layout({"x": ("a", "b")})),
        (make_layout({"x": ("a", "b")}), AllGather("x", ("b",)), make_layout({"x": ("a",)})),
        (make_layout({}, ("a", "b")), ReduceScatter("x", ("b",)), make_layout({"x": "b"}, "a")),
        (make_layout({"x": "c"}, ("a", "b")), AllReduce(("a", "b")), make_layout({"x": "c"})),
        (make_layout({}, ("a", "b"), "max"), AllReduce(("a",)), make_layout({}, "b", "max")),
        (
            make_layout({"x": ("a", "b"), "y": "c"}),
            AllToAll("x", "y", ("b",)),
            make_layout({"x": "a", "y": ("c", "b")}),
        ),
        (
            make_layout({"x": ("a", "b")}),
            Permute(make_layout({"x": ("b", "d")})),
            make_layout({"x": ("b", "d")}),
        ),
        (make_layout({"x": "a"}, "c"), Seed(("b",)), make_layout({"x": "a"}, ("b", "c"))),
    ],
)
def test_a_step_leads_where_its_row_says(before: Layout, step: Step, after: Layout) -> None:
    assert apply_step(before, step, MESH) == after


@pytest.mark.parametrize(
    ("before", "step", "reason"),
    [
        (make_layout({"x": "a"}), Slice("y", ("a",)), "not replicated over a"),
        (make_layout({}, "a"), Slice("y", ("a",)), "not replicated over a"),
        (WHOLE, Slice("x", ("z",)), "no axis z"),
        (WHOLE, Slice("x", ()), "no mesh axis"),
        (WHOLE, Slice("x", ("a", "a")), "twice"),
        (make_layout({"x": ("a", "b")}), AllGather("x", ("a",)), "innermost"),
        (make_layout({"x": ("a", "b")}), AllGather("x", ("b", "a")), "innermost"),
        (WHOLE, AllGather("x", ("a",)), "split over nothing"),
        (make_layout({"x": "a"}), ReduceScatter("y", ("a",)), "not partial over a"),
        (WHOLE, AllReduce(("a",)), "not partial over a"),
        (make_layout({"x": "a"}), AllToAll("x", "x", ("a",)), "moves nothing"),
        (make_layout({"x": ("a", "b")}), AllToAll("x", "y", ("a",)), "innermost"),
        (make_layout({"x": "a"}), Permute(make_layout({"x": "c"})), "2 ways before and 3 ways"),
        (make_layout({"x": "a"}), Permute(make_layout({"y": "a"})), "ways"),
        (make_layout({"x": "a"}, "b"), Permute(make_layout({"x": "a"})), "partial"),
        (make_layout({"x": "a"}, "b"), Permute(make_layout({"x": "b"}, "b")), "twice"),
        (make_layout({"x": "a"}), Permute(make_layout({"x": ("z",)})), "no axis z"),
        (make_layout({"x": "a"}), Seed(("a",)), "not replicated over a"),
        (make_layout({}, "a", "max"), Seed(("b",)), "cannot become"),
    ],
)
def test_an_illegal_step_says_why(before: Layout, step: Step, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        apply_step(before, step, MESH)


@given(layouts(), st.sampled_from(DIMS))
def test_gathering_undoes_slicing(layout: Layout, dim: str) -> None:
    for atom in unused(layout):
        sliced = apply_step(layout, Slice(dim, (atom,)), MESH)
        assert apply_step(sliced, AllGather(dim, (atom,)), MESH) == layout


@given(layouts(), st.sampled_from(DIMS))
def test_scattering_and_gathering_is_reducing(layout: Layout, dim: str) -> None:
    if layout.partial:
        scattered = apply_step(layout, ReduceScatter(dim, layout.partial), MESH)
        gathered = apply_step(scattered, AllGather(dim, layout.partial), MESH)
        assert gathered == apply_step(layout, AllReduce(layout.partial), MESH)


@given(layouts())
def test_exchanging_there_and_back_changes_nothing(layout: Layout) -> None:
    atoms = layout.atoms_of("x")[-1:]
    if atoms:
        there = apply_step(layout, AllToAll("x", "y", atoms), MESH)
        assert apply_step(there, AllToAll("y", "x", atoms), MESH) == layout


@given(layouts())
def test_reducing_undoes_seeding(layout: Layout) -> None:
    if unused(layout) and layout.kind in ("", "sum"):
        seeded = apply_step(layout, Seed(unused(layout)), MESH)
        assert apply_step(seeded, AllReduce(unused(layout)), MESH) == layout


@given(layouts(), orders)
def test_a_permute_within_a_tuple_is_legal_and_moves_what_changes(
    layout: Layout, order: list[str]
) -> None:
    split = {dim: [atom for atom in order if atom in atoms] for dim, atoms in layout.split}
    target = make_layout(split, layout.partial, layout.kind)

    assert apply_step(layout, Permute(target), MESH) == target
    assert moved_atoms(layout, target) == tuple(
        sorted(
            atom
            for dim, atoms in layout.split
            for atom, other in zip(atoms, target.atoms_of(dim), strict=True)
            if atom != other
        )
    )


@given(layouts(), st.data())
def test_a_legal_step_leads_to_a_canonical_layout_that_uses_no_atom_twice(
    layout: Layout, data: st.DataObject
) -> None:
    atoms = tuple(data.draw(st.lists(st.sampled_from(ATOMS), min_size=1, unique=True)))
    dim = data.draw(st.sampled_from(DIMS))
    other = "y" if dim == "x" else "x"
    for step in (
        Slice(dim, atoms),
        AllGather(dim, atoms),
        ReduceScatter(dim, atoms),
        AllReduce(atoms),
        AllToAll(dim, other, atoms),
        Seed(atoms),
    ):
        try:
            after = apply_step(layout, step, MESH)
        except ValueError:
            continue
        listed = [a for _, tuple_ in after.split for a in tuple_] + list(after.partial)
        assert len(listed) == len(set(listed))
        partial = mesh_order(after.partial, MESH)
        assert after == make_layout(dict(after.split), partial, after.kind)
