"""The prices of kernels: they grow with what they work on, and mean the same for numbers and columns."""

from __future__ import annotations

import subprocess
import sys

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.kernel_errors import ALL, fitted
from benchmarks.kernel_models import US, decode_constants
from benchmarks.kernel_tables import FACTS, GPUS, all_tables
from helixc.ir.kernels import GemmConstants, PrefillConstants, StreamConstants
from helixc.price.attention import (
    Attention,
    cache_bytes,
    decode_price,
    decode_seconds,
    prefill_parts,
    prefill_price,
    prefill_seconds,
)
from helixc.price.elementary import SCALAR, columns
from helixc.price.gemm import FEW_TURNS, SPLITS, gemm_columns, gemm_price, menu
from helixc.price.kernel import Chip
from helixc.price.streaming import stream_price, stream_seconds
from helixc.price.tiles import Product, run_of, tiled_seconds, vector_seconds

CHIPS = {table.name: table.chip for table in all_tables()}
GEMMS = [name for name in CHIPS if name.startswith("gemm")]
FIRST_GPU = GPUS[0]
SIZES = st.one_of(st.integers(1, 300), st.integers(1, 40_000))
BATCHES = st.integers(1, 300)
LESS = 1 - 1e-12


def gemm_constants(name: str) -> GemmConstants:
    """What was fitted to a table."""
    values = dict(fitted()[name]["helixc"][ALL])
    values.pop("quantise_memory", None)
    return GemmConstants(**values, **FACTS["gemm"][name.split()[1]])


def width(name: str) -> int:
    """Bytes per element of a table's dtype."""
    return 1 if name.endswith("f8") else 2


PRODUCTS = st.builds(Product, m=SIZES, k=SIZES, n=SIZES, batch=BATCHES)


@pytest.mark.parametrize("name", GEMMS)
@given(PRODUCTS, st.sampled_from(["m", "k", "n", "batch"]), st.integers(1, 600))
def test_a_larger_product_is_never_cheaper(
    name: str, product: Product, size: str, more: int
) -> None:
    product = attrs.evolve(product, width=width(name))
    larger = attrs.evolve(product, **{size: getattr(product, size) + more})
    chip, constants = CHIPS[name], gemm_constants(name)

    less = gemm_price(product, chip, constants).seconds

    assert less * LESS <= gemm_price(larger, chip, constants).seconds


@pytest.mark.parametrize("name", GEMMS)
@given(PRODUCTS)
def test_the_search_for_one_product_misses_no_way(name: str, product: Product) -> None:
    chip, constants = CHIPS[name], gemm_constants(name)
    run = run_of(product, chip, constants, SCALAR)
    ways = [
        tiled_seconds(run, tile.height, tile.breadth, splits)
        for tile in menu(constants)
        for splits in SPLITS
        if splits == 1
        or product.batch * -(-product.m // tile.height) * -(-product.n // tile.breadth)
        <= FEW_TURNS * chip.sms
    ]
    if 1 in (product.m, product.n):
        ways.append(vector_seconds(run))

    assert gemm_price(product, chip, constants).seconds == pytest.approx(min(ways), rel=1e-12)


@pytest.mark.parametrize("name", GEMMS)
@given(st.lists(PRODUCTS, min_size=1, max_size=5))
def test_a_column_of_products_costs_what_each_costs(name: str, products: list[Product]) -> None:
    chip, constants = CHIPS[name], gemm_constants(name)
    sizes = [np.array([float(getattr(p, s)) for p in products]) for s in ("m", "k", "n", "batch")]

    found = gemm_columns(Product(*sizes), chip, constants, np)

    alone = [gemm_price(product, chip, constants).seconds for product in products]
    assert found.tolist() == pytest.approx(alone, rel=1e-12)


def test_what_bounds_a_product_is_named() -> None:
    name = "gemm h100 bf16"
    chip, constants = CHIPS[name], gemm_constants(name)

    large = gemm_price(Product(8192, 8192, 8192), chip, constants)
    few_rows = gemm_price(Product(8, 8192, 8192), chip, constants)
    small = gemm_price(Product(16, 64, 64), chip, constants)
    vectors = gemm_price(Product(1, 128, 4096, 256), chip, constants)

    assert [p.bound for p in (large, few_rows, small)] == ["flops", "bandwidth", "latency"]
    assert vectors.bound == "bandwidth"
    flops = 2 * 8192**3
    assert flops / chip.peak < large.seconds < flops / (0.7 * chip.peak)


def test_a_product_with_a_vector_streams_through_the_matrix() -> None:
    """One SM per block of 128 outputs: 192 blocks on 108 SMs take two turns of an A100."""
    name = f"gemm {FIRST_GPU} bf16"
    chip, constants = CHIPS[name], attrs.evolve(gemm_constants(name), ramp=0.0)
    run = run_of(Product(1, 3072, 128, 192), chip, constants, SCALAR)

    read = 192 * 128 * 3072 * 2 / (constants.memory * chip.bandwidth)
    assert vector_seconds(run) == pytest.approx(constants.launch + read * 2 * 108 / 192)


ATTENTION = st.builds(
    lambda batch, short, more, kv_heads, group, depth, mask: Attention(
        batch, short, short + more, kv_heads * group, kv_heads, depth, depth, **mask
    ),
    st.integers(1, 200),
    st.integers(1, 20_000),
    st.one_of(st.just(0), st.integers(0, 20_000)),
    st.integers(1, 64),
    st.integers(1, 16),
    st.sampled_from([64, 128, 192]),
    st.one_of(
        st.sampled_from([{"causal": False}, {"causal": True}]),
        st.integers(1, 30_000).map(lambda window: {"causal": True, "window": window}),
    ),
)
PREFILLS = [name for name in CHIPS if name.startswith("prefill")]
DECODES = [name for name in CHIPS if name.startswith("decode")]


def prefill_constants(name: str) -> PrefillConstants:
    """What was fitted to a table."""
    facts = FACTS["prefill"][name.split()[1]]
    return PrefillConstants(**fitted()[name]["helixc"][ALL], **facts)


@pytest.mark.parametrize("name", PREFILLS)
@given(ATTENTION, st.sampled_from(["batch", "keys", "heads", "kv_heads"]), st.integers(1, 300))
def test_more_attention_is_never_cheaper(name: str, shape: Attention, size: str, more: int) -> None:
    constants = prefill_constants(name)
    larger = attrs.evolve(shape, **{size: getattr(shape, size) + more})

    less = prefill_seconds(shape, CHIPS[name], constants, SCALAR)

    assert less * LESS <= prefill_seconds(larger, CHIPS[name], constants, SCALAR)
    longer = attrs.evolve(shape, queries=shape.queries + more, keys=shape.keys + more)
    assert less * LESS <= prefill_seconds(longer, CHIPS[name], constants, SCALAR)
    for wider in ({"causal": False, "window": 0}, {"window": shape.window and shape.window + more}):
        whole = attrs.evolve(shape, **wider)
        assert less * LESS <= prefill_seconds(whole, CHIPS[name], constants, SCALAR)


def test_a_window_leaves_its_share_of_the_tiles_and_of_the_cache() -> None:
    """64 rows of tiles: 2080 behind a causal mask, of which 9 in a row, and fewer in the first, are left."""
    name = PREFILLS[0]
    bare = attrs.evolve(prefill_constants(name), tail=0.0, tile=0.0, packed=0.0)
    shape = Attention(1, 8192, 8192, 8, 8, 128, 128, causal=True)
    near = attrs.evolve(shape, window=1024)

    loops = [prefill_parts(each, CHIPS[name], bare, SCALAR).loop for each in (near, shape)]

    assert loops[0] / loops[1] == pytest.approx((64 * 9 - 36) / 2080)
    assert (
        prefill_parts(attrs.evolve(shape, window=8192), CHIPS[name], bare, SCALAR).loop == loops[1]
    )
    constants = decode_constants(fitted()[DECODES[0]]["helixc"][ALL])
    chip, token = CHIPS[DECODES[0]], attrs.evolve(shape, queries=1)
    few = attrs.evolve(token, keys=1024)
    cached = [
        cache_bytes(each, chip, constants, SCALAR)
        for each in (attrs.evolve(token, window=1024), few)
    ]
    assert cached[0] == cached[1]


def test_packed_heads_pay_less_for_the_diagonal_of_a_causal_mask() -> None:
    """512 queries of 8 heads over one: 32 rows of 4 tiles less (32 x 31) / 16, not 8 times 10 tiles."""
    name = PREFILLS[0]
    shape = Attention(1, 512, 512, 8, 1, 128, 128, causal=True)
    bare = attrs.evolve(prefill_constants(name), tail=0.0, tile=0.0)

    packed, alone = (
        prefill_parts(shape, CHIPS[name], attrs.evolve(bare, packed=fact), SCALAR).loop
        for fact in (1.0, 0.0)
    )

    assert packed / alone == pytest.approx(66 / 80)


@pytest.mark.parametrize("name", DECODES)
@given(ATTENTION, st.sampled_from(["batch", "keys", "heads", "kv_heads"]), st.integers(1, 300))
def test_decoding_more_is_never_cheaper(name: str, shape: Attention, size: str, more: int) -> None:
    larger = attrs.evolve(shape, **{size: getattr(shape, size) + more})
    constants = decode_constants(fitted()[name]["helixc"][ALL])

    less = decode_seconds(shape, CHIPS[name], constants, SCALAR)

    assert less * LESS <= decode_seconds(larger, CHIPS[name], constants, SCALAR)


@given(st.lists(ATTENTION, min_size=1, max_size=4))
def test_a_column_of_attention_costs_what_each_costs(shapes: list[Attention]) -> None:
    shapes = [attrs.evolve(shape, causal=True, window=shapes[0].window) for shape in shapes]
    names = [field.name for field in attrs.fields(Attention)][:7]
    both = Attention(
        **{n: np.array([float(getattr(s, n)) for s in shapes]) for n in names},
        causal=True,
        window=shapes[0].window,
    )
    prefill = prefill_constants(PREFILLS[0])
    decode = decode_constants(fitted()[DECODES[0]]["helixc"][ALL])
    chip = CHIPS[PREFILLS[0]]

    found = prefill_seconds(both, chip, prefill, columns(np))
    decoded = decode_seconds(both, chip, decode, columns(np))

    assert found.tolist() == pytest.approx(
        [prefill_price(s, chip, prefill).seconds for s in shapes]
    )
    assert decoded.tolist() == pytest.approx(
        [decode_price(s, chip, decode).seconds for s in shapes]
    )


STREAMS = [name for name in CHIPS if name.split()[0] in ("softmax", "norm", "elementwise")]


@pytest.mark.parametrize("name", STREAMS)
@given(st.integers(1, 10**10), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_moving_more_or_reducing_over_more_is_never_cheaper(
    name: str, moved: int, row: int, more: int, longer: int
) -> None:
    constants = StreamConstants(**fitted()[name]["helixc"][ALL])

    less = stream_seconds(moved, row, CHIPS[name], constants, SCALAR)

    more_seconds = stream_seconds(moved + more, row + longer, CHIPS[name], constants, SCALAR)
    assert less * LESS <= more_seconds


def test_a_queued_kernel_pays_no_host_time_and_a_lone_one_no_less_than_it() -> None:
    chip = Chip(peak=1e15, bandwidth=1e12, sms=100)
    queued = StreamConstants(launch=4 * US, memory=0.8)
    lone = attrs.evolve(queued, host=50 * US)

    assert stream_price(8e6, 1, chip, queued).seconds == pytest.approx(14 * US)
    assert stream_price(8e6, 1, chip, lone).seconds == pytest.approx(50 * US, rel=1e-3)
    assert stream_price(8e6, 1, chip, queued).bound == "bandwidth"
    assert stream_price(8e6, 1, chip, lone).bound == "latency"


def test_prices_of_single_kernels_need_no_numpy() -> None:
    script = (
        "import sys, helixc.price.gemm, helixc.price.attention, helixc.price.streaming; "
        "sys.exit('numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
