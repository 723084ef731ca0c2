"""Ragged dimensions: shapes count every place, costs those that are expected to be full."""

from __future__ import annotations

from math import ceil, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.choice.difference import shape_of
from helixc.ir.factors import Factor, factor_sizes
from helixc.ir.layout import local_bytes, local_elements, local_sizes, make_layout
from helixc.ir.mesh import Axis, Mesh
from helixc.ir.tensor import FULL, Dim, Share, Sizes, TensorType
from helixc.ir.work import Arithmetic, Term
from helixc.price.compute import local_work
from helixc.price.shapes import matmul_shape

MESH = Mesh.uncut((Axis("ep", 8),))
# 16 experts with a place for each of 64 tokens, of which every token fills two.
ROUTED = Sizes.of(
    (Dim("expert", 16), Dim("slot", 64, Share(2, 16)), Dim("embed", 32), Dim("hidden", 48))
)
SENT = TensorType("bf16", ("expert", "slot", "embed"))
# sent x weight over embed
RULE = (
    Factor("embed", "sum", ("embed", "embed"), None),
    Factor("expert", "pass", ("expert", "expert"), "expert"),
    Factor("slot", "pass", ("slot", None), "slot"),
    Factor("hidden", "pass", (None, "hidden"), "hidden"),
)


def test_a_block_costs_what_is_expected_and_is_shaped_by_every_place() -> None:
    layout = make_layout({"expert": ("ep",)})
    assert local_sizes(SENT, layout, ROUTED, MESH) == {"expert": 2, "slot": 64, "embed": 32}
    assert local_elements(SENT, layout, ROUTED, MESH) == 2 * 64 * 32
    assert local_bytes(SENT, layout, ROUTED, MESH) == 2 * (2 * 8 * 32)
    assert SENT.bytes(ROUTED) == 8 * local_bytes(SENT, layout, ROUTED, MESH)
    assert shape_of(SENT, ROUTED).bits == 8 * SENT.bytes(ROUTED)


@given(
    sizes=st.lists(st.integers(1, 40), min_size=3, max_size=3),
    part=st.integers(1, 9),
    rest=st.integers(0, 9),
)
def test_a_part_of_a_byte_counts_as_one(sizes: list[int], part: int, rest: int) -> None:
    share = Share(part, part + rest)
    dims = [Dim(name, n) for name, n in zip(SENT.dims, sizes, strict=True)]
    dims[1] = Dim("slot", sizes[1], share)
    found = TensorType("f4", SENT.dims).bytes(Sizes.of(dims))
    assert found == ceil(prod(sizes) * 4 * part / (8 * share.of) - 1e-9)


@pytest.mark.parametrize(
    ("slots", "batch", "rows"),
    [(64, 16, 8), (8, 16, 1), (9, 16, 2), (4, 8, 1), (1, 2, 1)],
)
def test_products_have_the_rows_that_are_expected_and_are_no_more_than_their_rows(
    slots: int, batch: int, rows: int
) -> None:
    local = Sizes({**ROUTED, "slot": slots}, ROUTED.shares)
    shape = matmul_shape(RULE, local)
    assert (shape.batch, shape.m, shape.k, shape.n) == (batch, rows, 32, 48)


def test_flops_and_bytes_leave_empty_places_out() -> None:
    weight, result = (
        TensorType("bf16", ("expert", "embed", "hidden")),
        TensorType("bf16", ("expert", "slot", "hidden")),
    )
    terms = (Term(("embed", "expert", "slot", "hidden"), 2, matrix=True),)
    work = local_work(Arithmetic(terms), (SENT, weight), result, RULE, ROUTED)
    rows = 16 * 64 * 2 // 16
    assert work.matrix_flops == 2 * rows * 32 * 48
    assert work.bytes == 2 * (rows * 32 + 16 * 32 * 48 + rows * 48)


def test_factors_are_as_ragged_as_their_dimensions() -> None:
    found = factor_sizes(RULE, (ROUTED, ROUTED, ROUTED))
    assert found == {**ROUTED}
    assert found.shares == {"slot": Share(2, 16)}
    assert found.named({"rows": "slot", "n": "hidden"}).shares == {"rows": Share(2, 16)}


def test_what_is_not_ragged_is_full() -> None:
    assert Dim("seq", 4).share == FULL
    assert Sizes.of((Dim("seq", 4),)).shares == {}
