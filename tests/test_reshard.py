"""The reshard search: every path is legal step by step, priced as its steps, and no dearer than its parts."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.choice.difference import Shape, shape_of
from helixc.choice.reshard import ReshardSearch
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    Layout,
    Permute,
    ReduceScatter,
    Slice,
    local_bytes,
    make_layout,
)
from helixc.ir.layout_steps import apply_step
from helixc.ir.mesh import Axis, Mesh
from helixc.ir.tensor import Sizes, TensorType
from helixc.price.collective import CollectivePrices, step_bytes

GPU = Gpu(name="g", memory_bytes=1, bandwidth=1e12, peaks=(("bf16", 1e15),))
CLUSTER = Cluster(
    name="c",
    gpu=GPU,
    levels=(
        Level(name="node", size=2, link=Link(name="ib", bandwidth=50e9, latency=1e-5)),
        Level(name="gpu", size=8, link=Link(name="nv", bandwidth=450e9, latency=3e-6)),
    ),
)
MESHES = [
    (("a", 2), ("b", 2), ("c", 2)),
    (("a", 3), ("b", 2), ("c", 2)),
    (("a", 4), ("b", 2)),
    (("a", 3), ("b", 5)),
    (("a", 2), ("b", 2), ("c", 2), ("d", 2)),
]
SIZES = {"i": 720, "j": 1440, "k": 2160}
TYPE = TensorType("bf16", ("i", "j", "k"))
SHAPE = shape_of(TYPE, Sizes(SIZES))


def mesh_of(axes: tuple[tuple[str, int], ...]) -> Mesh:
    """A mesh of these axes, uncut."""
    return Mesh.uncut(tuple(Axis(*axis) for axis in axes))


@st.composite
def layouts(draw: st.DrawFn, mesh: Mesh, *, partial: bool) -> Layout:
    """A layout of TYPE on a mesh; every dimension is divisible by the whole mesh."""
    split: dict[str, list[str]] = {}
    held: list[str] = []
    for atom in draw(st.permutations([atom.name for atom in mesh.atoms])):
        places = ["", *TYPE.dims, *(["partial"] if partial else [])]
        place = draw(st.sampled_from(places))
        if place == "partial":
            held.append(atom)
        elif place:
            split.setdefault(place, []).append(atom)
    return make_layout(split, sorted(held, key=mesh.order.__getitem__))


@st.composite
def reshards(draw: st.DrawFn) -> tuple[Mesh, Layout, Layout]:
    """A mesh, a layout that is there, and one that is needed."""
    mesh = mesh_of(draw(st.sampled_from(MESHES)))
    source = draw(layouts(mesh, partial=True))
    return mesh, source, draw(layouts(mesh, partial=False))


def search_on(mesh: Mesh) -> ReshardSearch:
    """A search with nothing remembered."""
    return ReshardSearch(CollectivePrices(mesh, CLUSTER))


@given(reshards())
def test_every_path_is_legal_and_ends_where_it_should(case: tuple[Mesh, Layout, Layout]) -> None:
    """Each step applies to the layout before it; bytes and time are the sums of the steps."""
    mesh, source, target = case
    search = search_on(mesh)
    path = search.path(SHAPE, source, target)

    assert path is not None
    layout, received, time = source, 0, 0
    for leg in path.legs:
        held = local_bytes(TYPE, layout, Sizes(SIZES), mesh)
        received += step_bytes(leg.step, held, mesh)
        time += search.prices.picoseconds(leg.step, held, layout)
        layout = apply_step(layout, leg.step, mesh)
        assert layout == leg.layout
    assert layout == target
    assert (path.cost.bytes, path.cost.picoseconds) == (received, time)


@given(reshards())
def test_a_path_costs_no_more_than_going_by_way_of_the_whole_value(
    case: tuple[Mesh, Layout, Layout],
) -> None:
    """The triangle inequality through the replicated layout."""
    mesh, source, target = case
    search = search_on(mesh)
    direct = search.path(SHAPE, source, target)
    there, back = search.path(SHAPE, source, Layout()), search.path(SHAPE, Layout(), target)

    assert direct is not None
    assert there is not None
    assert back is not None
    assert direct.cost.picoseconds <= there.cost.picoseconds + back.cost.picoseconds


@given(reshards())
def test_the_rest_of_a_path_is_the_path_of_the_rest(case: tuple[Mesh, Layout, Layout]) -> None:
    """Why a reshard may be written in two parts without changing its price."""
    mesh, source, target = case
    search = search_on(mesh)
    path = search.path(SHAPE, source, target)

    assert path is not None
    for before, after in pairwise([source, *(leg.layout for leg in path.legs)]):
        rest, step = search.path(SHAPE, after, target), search.path(SHAPE, before, after)
        assert rest is not None
        assert step is not None
        whole = search.path(SHAPE, before, target)
        assert whole is not None
        total = step.cost.picoseconds + rest.cost.picoseconds
        assert whole.cost.picoseconds == total


@st.composite
def several(draw: st.DrawFn) -> tuple[Mesh, list[tuple[Shape, Layout, Layout]]]:
    """Reshards of values of several shapes on one mesh; not every dimension is divisible by all of it."""
    mesh = mesh_of(draw(st.sampled_from(MESHES)))
    found: list[tuple[Shape, Layout, Layout]] = []
    for _ in range(draw(st.integers(2, 5))):
        sizes = {dim: draw(st.sampled_from((2, 6, 8, 12, 720))) for dim in TYPE.dims}
        source, target = (
            make_layout(
                {d: atoms for d, atoms in layout.split if mesh.divides(atoms, sizes[d])},
                layout.partial,
            )
            for layout in (draw(layouts(mesh, partial=partial)) for partial in (True, False))
        )
        found.append((shape_of(TYPE, Sizes(sizes)), source, target))
    return mesh, found


@given(several())
def test_what_was_searched_before_changes_no_path(
    case: tuple[Mesh, list[tuple[Shape, Layout, Layout]]],
) -> None:
    """Searches share the steps toward a target; each path is the one that a search of its own finds."""
    mesh, cases = case
    search = search_on(mesh)

    for shape, source, target in cases:
        path, own = (one.path(shape, source, target) for one in (search, search_on(mesh)))
        assert path is not None
        assert own is not None
        assert (path.legs, path.cost) == (own.legs, own.cost)


def steps_of(source: Layout, target: Layout, *, stored: bool = False) -> list[object]:
    """The steps between two layouts on a 4 x 4 mesh."""
    search = search_on(mesh_of((("n", 4), ("m", 4))))
    shape = shape_of(TensorType("bf16", ("h", "s")), Sizes({"h": 160, "s": 160}))
    path = search.path(shape, source, target, freely=() if stored else None)
    return [] if path is None else [leg.step for leg in path.legs]


def test_a_partial_value_is_scattered_jointly() -> None:
    """partial(n,m) -> h:(n,m) is one reduce-scatter."""
    found = steps_of(make_layout({}, ("n", "m")), make_layout({"h": ("n", "m")}))

    assert found == [ReduceScatter("h", ("n", "m"))]


def test_a_slice_comes_before_the_scatter_that_it_makes_smaller() -> None:
    """partial(m) -> h:(n,m) slices n first."""
    found = steps_of(make_layout({}, ("m",)), make_layout({"h": ("n", "m")}))

    assert found == [Slice("h", ("n",)), ReduceScatter("h", ("m",))]


def test_two_orders_of_a_tuple_are_one_permute_apart() -> None:
    """h:(n,m) -> h:(m,n)."""
    target = make_layout({"h": ("m", "n")})

    assert steps_of(make_layout({"h": ("n", "m")}), target) == [Permute(target)]


def test_the_axis_across_nodes_is_gathered_first() -> None:
    """While the block is small."""
    found = steps_of(make_layout({"h": ("n",), "s": ("m",)}), Layout())

    assert found == [AllGather("h", ("n",)), AllGather("s", ("m",))]


def test_a_partial_value_wanted_whole_is_all_reduced() -> None:
    """One joint step."""
    assert steps_of(make_layout({}, ("n", "m")), Layout()) == [AllReduce(("n", "m"))]


@pytest.mark.parametrize("kind", ["max", "min"])
def test_a_partial_maximum_never_becomes_a_partial_sum(kind: str) -> None:
    """There is no path, and the search ends."""
    search = search_on(mesh_of((("a", 2), ("b", 2))))
    source = make_layout({}, ("a",), kind)

    assert search.path(SHAPE, source, make_layout({}, ("a", "b"))) is None
