"""Hardware at the ends of what is legal has prices: finite, ordered, and never below nothing."""

from __future__ import annotations

import math

import attrs
from dump_strategies import clusters, gpus, within
from hypothesis import given
from hypothesis import strategies as st

from helixc.elaborate.hardware_fields import GPU_FIELDS, LEVEL_OPTIONS, LINK_FIELDS
from helixc.ir.attention import AttentionShape
from helixc.ir.figures import above_zero, above_zero_or_none
from helixc.ir.hardware import Cluster, Gpu
from helixc.ir.layout import AllGather, AllReduce, AllToAll, Permute, ReduceScatter, make_layout
from helixc.ir.mesh import Axis, Mesh
from helixc.price.collective import CollectivePrices
from helixc.price.compute import Work
from helixc.price.interval import Price
from helixc.price.operator import attention_time, get_time, stream_time

# No value has more elements, and a product goes over those of two values.
ELEMENTS = st.sampled_from([1, 2, 255, 2**20, 2**80])
RULES = {**GPU_FIELDS, **LINK_FIELDS, **LEVEL_OPTIONS}


@given(gpus, ELEMENTS, ELEMENTS, ELEMENTS, st.sampled_from(["bf16", "f8", "f32", "i32"]))
def test_kernels_have_prices(gpu: Gpu, m: int, k: int, n: int, dtype: str) -> None:
    shape = AttentionShape(
        batch=m, group=2, queries=n, keys=k, head_dim=8, value_dim=8, causal=True
    )
    work = Work(flops=m * k * n, bytes=m + n, matrix_flops=m * k * n)
    prices = [
        get_time(m, k, n, 2, dtype, gpu),
        attention_time(shape, work, dtype, gpu),
        *(stream_time(group, m, n, gpu) for group in ("softmax", "quantise", "elementwise")),
    ]
    assert all(isinstance(price, Price) for price in prices)


@given(clusters, ELEMENTS, st.integers(1, 2))
def test_collectives_have_prices(cluster: Cluster, size: int, crossed: int) -> None:
    levels = tuple(
        attrs.evolve(level, size=min(level.size, 4)) for level in cluster.levels if level.link
    )
    if not levels:
        return
    small = attrs.evolve(cluster, levels=levels)
    axes = [Axis(f"a{i}", level.size) for i, level in enumerate(levels)]
    atoms = tuple(axis.name for axis in axes)[:crossed]
    prices = CollectivePrices(Mesh.uncut(tuple(axes)), small)
    before = make_layout({"x": atoms})
    for step in (
        AllGather("x", atoms),
        ReduceScatter("x", atoms),
        AllReduce(atoms),
        AllToAll("x", "y", atoms),
        Permute(make_layout({"y": atoms})),
    ):
        price = prices.price(step, size, before).price
        assert 0 <= price.low <= price.picoseconds <= price.high


@given(st.sampled_from(sorted(RULES)), st.data())
def test_a_range_has_its_ends_and_nothing_beyond(name: str, data: st.DataObject) -> None:
    rule = RULES[name]
    assert data.draw(within(rule.legal)) in rule.legal
    assert rule.legal.most * 2 not in rule.legal
    assert -1.0 not in rule.legal
    assert not any(figure in rule.legal for figure in (math.nan, math.inf))


def test_what_may_be_absent_may_be_zero_but_not_next_to_nothing() -> None:
    assert 0 in above_zero_or_none("B/s")
    assert 0 not in above_zero("B/s")
    assert 1e-300 not in above_zero_or_none("B/s")
    assert str(above_zero_or_none("B/s")) == "0, or from 1 to 1e+24"
