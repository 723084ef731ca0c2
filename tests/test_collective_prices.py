"""What collectives cost: monotone, never dearer than a sequence with the same effect, and explained."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_links import LINKS, NETWORKS, PLAIN, PLAIN_NETWORK, network, node, nodes, switch

from helixc.ir.hardware import Cluster, Link
from helixc.ir.kernels import CollectiveConstants
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Slice,
    Step,
    make_layout,
)
from helixc.ir.mesh import Axis, Mesh
from helixc.price.collective import CollectivePrice, CollectivePrices, step_bytes
from helixc.price.collective_times import ALL_REDUCE, GATHER, exchange, ring
from helixc.price.elementary import SCALAR, columns

MEASURED = [link for link in LINKS if link.collectives is not None]
BYTES = st.integers(0, 2**34)
MICROSECOND = 10**6


def mesh(**sizes: int) -> Mesh:
    return Mesh.uncut(tuple(Axis(name, size) for name, size in sizes.items()))


def prices(cluster: Cluster, **sizes: int) -> CollectivePrices:
    return CollectivePrices(mesh(**sizes), cluster)


def steps(*atoms: str) -> list[Step]:
    """One of each that communicates over these atoms."""
    return [
        AllGather("x", atoms),
        ReduceScatter("x", atoms),
        AllReduce(atoms),
        AllToAll("x", "y", atoms),
        Permute(make_layout({"y": atoms})),
    ]


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Two to four nodes of eight, with and without measured constants."""
    count = draw(st.integers(2, 4))
    return nodes(count, draw(st.sampled_from(NETWORKS)), draw(st.sampled_from(LINKS)))


@st.composite
def placed(draw: st.DrawFn) -> CollectivePrices:
    """Prices over two axes, which may nest in the nodes or not."""
    cluster = draw(clusters())
    outer = draw(st.sampled_from([n for n in (2, 3, 4, 8) if cluster.gpus % n == 0]))
    return prices(cluster, a=outer, b=cluster.gpus // outer)


@given(placed(), BYTES, BYTES, st.sampled_from([("a",), ("b",), ("a", "b")]))
def test_more_bytes_never_cost_less(
    priced: CollectivePrices, one: int, other: int, atoms: tuple[str, ...]
) -> None:
    few, many = sorted((one, other))
    before = make_layout({"x": atoms})

    for step in steps(*atoms):
        assert priced.picoseconds(step, few, before) <= priced.picoseconds(step, many, before)


@given(st.sampled_from(LINKS), st.integers(2, 71), BYTES)
def test_more_ranks_with_parts_of_one_size_never_cost_less(
    link: Link, ranks: int, own: int
) -> None:
    few, many = (prices(node(link, gpus=n), a=n) for n in (ranks, ranks + 1))

    for step, whole in zip(steps("a"), (False, True, True, True, False), strict=True):
        times = [
            priced.picoseconds(step, own * n if whole else own, make_layout({"x": ("a",)}))
            for priced, n in ((few, ranks), (many, ranks + 1))
        ]
        assert times[0] <= times[1]


@given(placed(), BYTES)
def test_a_joint_step_costs_no_more_than_one_after_the_other(
    priced: CollectivePrices, count: int
) -> None:
    """Where blocks divide evenly: else the parts of a sequence are rounded up more often."""
    size = 96 * count
    for kind in (AllReduce, lambda atoms: AllToAll("x", "y", atoms)):
        whole = priced.picoseconds(kind(("a", "b")), size, Layout())
        parts = [priced.picoseconds(kind(atoms), size, Layout()) for atoms in (("a",), ("b",))]
        assert whole <= sum(parts)
    joint = priced.picoseconds(AllGather("x", ("a", "b")), size, Layout())
    for first, second in (("a", "b"), ("b", "a")):
        grown = size * priced.mesh.sizes[first]
        inner = priced.picoseconds(AllGather("x", (first,)), size, Layout())
        assert joint <= inner + priced.picoseconds(AllGather("x", (second,)), grown, Layout())


@given(placed(), BYTES, st.sampled_from([("a",), ("b",), ("a", "b")]))
def test_an_all_reduce_lies_between_a_reduce_scatter_and_that_and_an_all_gather(
    priced: CollectivePrices, size: int, atoms: tuple[str, ...]
) -> None:
    shard = -(-size // priced.mesh.ways(atoms))
    scattered = priced.picoseconds(ReduceScatter("x", atoms), size, Layout())
    gathered = priced.picoseconds(AllGather("x", atoms), shard, Layout())

    reduced = priced.picoseconds(AllReduce(atoms), size, Layout())

    assert scattered == gathered
    assert reduced <= scattered + gathered


@given(placed(), BYTES, st.sampled_from([("a",), ("b",), ("a", "b")]))
def test_a_price_is_explained(priced: CollectivePrices, size: int, atoms: tuple[str, ...]) -> None:
    before = make_layout({"x": atoms})
    for step in steps(*atoms):
        found = priced.price(step, size, before)
        assert found.price.picoseconds == priced.picoseconds(step, size, before)
        assert found.price.bound in ("link", "latency")
        assert found.algorithm
        assert found.level in ("node", "gpu")
        assert {level for level, _ in found.level_bytes} <= {"node", "gpu"}


@given(st.sampled_from(NETWORKS), st.sampled_from(LINKS), st.integers(1, 2**30))
def test_the_bytes_by_level_are_the_bytes_of_the_step(
    across: Link, inside: Link, size: int
) -> None:
    priced = prices(nodes(4, across, inside), a=4, b=8)

    for step in (AllGather("x", ("a", "b")), ReduceScatter("x", ("a", "b"))):
        found = priced.price(step, 32 * size, Layout())
        received = step_bytes(step, 32 * size, priced.mesh)
        assert sum(count for _, count in found.level_bytes) == received


def test_local_steps_are_free() -> None:
    found = prices(node(PLAIN), a=8).price(Slice("x", ("a",)), 2**20, Layout())

    assert (found.price.picoseconds, found.algorithm, found.level_bytes) == (0, "", ())


def old_gather(ranks: int, shard: int, link: Link) -> int:
    return round((ranks - 1) * (link.latency + shard / link.bandwidth) * 10**12)


@given(st.integers(2, 8), BYTES)
def test_a_link_without_constants_is_priced_by_latency_and_bandwidth(ranks: int, size: int) -> None:
    """An all-reduce costs exactly twice a reduce-scatter, so that ties are ties."""
    priced = prices(node(PLAIN, gpus=ranks), a=ranks)
    once = old_gather(ranks, -(-size // ranks), PLAIN)

    assert priced.picoseconds(AllGather("x", ("a",)), size, Layout()) == old_gather(
        ranks, size, PLAIN
    )
    assert priced.picoseconds(ReduceScatter("x", ("a",)), size, Layout()) == once
    assert priced.picoseconds(AllReduce(("a",)), size, Layout()) == 2 * once


@pytest.mark.parametrize("link", MEASURED, ids=lambda link: link.name)
def test_a_column_is_priced_as_its_numbers(link: Link) -> None:
    """The fit and the compiler use one formula."""
    constants = link.collectives
    assert constants is not None
    own = np.array([0.0, 1.0, 2.0**12, 2.0**19, 2.0**20, 2.0**21, 2.0**27])
    for formula in formulas(constants):
        for ranks in (2, 4, 8):
            one_by_one = [formula(size, ranks, SCALAR) for size in own.tolist()]
            assert formula(own, ranks, columns(np)).tolist() == one_by_one


def formulas(c: CollectiveConstants) -> list[Callable[..., object]]:
    return [
        lambda own, ranks, f: ring(GATHER, own, ranks, c, f),
        lambda own, ranks, f: ring(ALL_REDUCE, own, ranks, c, f),
        lambda own, ranks, f: exchange(own, ranks, c, f),
    ]


def reduced(cluster: Cluster, size: int, **sizes: int) -> CollectivePrice:
    priced = prices(cluster, **sizes)
    return priced.price(AllReduce(tuple(sizes)), size, Layout())


def test_a_large_all_reduce_on_eight_h100_is_done_by_the_switch() -> None:
    large = reduced(node(switch("h100")), 2**28, a=8)
    small = reduced(node(switch("h100")), 2**14, a=8)
    four = reduced(node(switch("h100"), gpus=4), 2**28, a=4)

    assert [p.algorithm for p in (large, small, four)] == ["in-switch", "ring", "ring"]
    assert [p.price.bound for p in (large, small, four)] == ["link", "latency", "link"]


def test_a_tree_pays_while_little_is_moved() -> None:
    cluster = nodes(16, network("ib_ndr400"), switch("h100"))
    small, large = (reduced(cluster, size, a=16, b=8) for size in (2**10, 2**30))

    assert (small.algorithm, small.price.bound) == ("hierarchical tree and ring", "latency")
    # The eight adapters of a node carry one per cent more than a ring inside it.
    assert (large.algorithm, large.level, large.price.bound) == ("ring", "gpu", "link")


def test_groups_that_share_links_get_their_share() -> None:
    """Eight GPUs of a node through eight adapters, through one, and through two spines for each."""
    inside, across = switch("h100"), network("ib_ndr400")
    cluster = nodes(4, across, inside)
    outer, inner = cluster.levels

    def time(**changes: object) -> int:
        changed = attrs.evolve(cluster, levels=(attrs.evolve(outer, **changes), inner))
        return reduced(changed, 2**30, a=4, b=8).price.picoseconds

    # One adapter for eight GPUs; but eight carry no more than the switch, which is 1 % less.
    assert 6.5 < time(links=1) / time() < 8
    assert 1.9 < time(oversubscribed=2.0) / time() < 2.1


def test_a_group_with_more_ranks_in_a_node_has_more_adapters() -> None:
    """Two nodes: one rank of each, against all eight, with the same bytes on each rank."""
    cluster = nodes(2, network("ib_ndr400"), switch("h100"))
    priced = prices(cluster, a=2, b=8)
    one = priced.picoseconds(AllReduce(("a",)), 2**30, Layout())
    all_of_them = priced.picoseconds(AllReduce(("a", "b")), 2**30, Layout())

    # 2 (n-1)/n of the bytes: 1 against 15/8, over one adapter against eight.
    assert 3.9 < one / all_of_them < 4.6


@given(
    st.sampled_from(MEASURED),
    st.sampled_from([across for across in NETWORKS if across.network is not None]),
    st.sampled_from([2, 4, 8]),
    BYTES,
)
def test_an_axis_across_nodes_is_never_cheaper_than_inside(
    inside: Link, across: Link, ranks: int, size: int
) -> None:
    priced = prices(nodes(ranks, across, inside, gpus=ranks), outer=ranks, inner=ranks)

    for near, far in zip(steps("inner"), steps("outer"), strict=True):
        time = priced.picoseconds(near, size, make_layout({"x": ("inner",)}))
        assert time <= priced.picoseconds(far, size, make_layout({"x": ("outer",)}))


@given(
    st.sampled_from(MEASURED),
    st.sampled_from([across for across in NETWORKS if across.network is not None]),
    st.sampled_from([2, 4, 8]),
    BYTES,
)
def test_whole_nodes_are_never_cheaper_than_one_switch_for_all(
    inside: Link, across: Link, count: int, size: int
) -> None:
    split = prices(nodes(count, across, inside, gpus=4), all=4 * count)
    whole = prices(node(inside, gpus=4 * count), all=4 * count)

    for step in steps("all"):
        near, far = (
            p.picoseconds(step, size, make_layout({"x": ("all",)})) for p in (whole, split)
        )
        assert near <= far, step


@pytest.mark.parametrize(
    ("inside", "across", "least", "most"),
    [(PLAIN, PLAIN_NETWORK, 11, 13), (switch("h100"), network("ib_ndr400"), 8, 10)],
    ids=["plain", "measured"],
)
def test_an_axis_across_nodes_costs_what_its_links_say(
    inside: Link, across: Link, least: float, most: float
) -> None:
    """Eight ranks all-reduce a gigabyte inside a node, or one rank in each of eight nodes.

    By latency and bandwidth alone the ratio is that of the links, 300 over 25 GB/s.  Measured, a ring
    reaches 0.99 of an adapter's 50 GB/s for 2 (n-1)/n of the buffer, and the switch adds 273 GB/s of
    buffer: 273 x 1.75 / 49.6 is 9.6, less what starting up costs.
    """
    priced = prices(nodes(8, across, inside), outer=8, inner=8)
    near = priced.picoseconds(AllReduce(("inner",)), 10**9, Layout())
    far = priced.picoseconds(AllReduce(("outer",)), 10**9, Layout())

    assert least < far / near < most


def test_a_small_message_across_nodes_is_latency() -> None:
    priced = prices(nodes(8, network("ib_ndr400"), switch("h100")), outer=8, inner=8)
    near = priced.price(AllReduce(("inner",)), 4096, Layout()).price
    far = priced.price(AllReduce(("outer",)), 4096, Layout()).price

    assert (near.bound, far.bound) == ("latency", "latency")
    assert 10 * MICROSECOND < near.picoseconds < 20 * MICROSECOND
    assert 2 < far.picoseconds / near.picoseconds < 6
