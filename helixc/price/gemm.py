"""Time of a matrix product on one GPU: the least over the tiles and splits that a library offers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product as pairs
from math import ceil
from operator import itemgetter
from typing import Any

import attrs

from helixc.ir.kernels import GemmConstants
from helixc.price.elementary import SCALAR, Quantity, columns
from helixc.price.kernel import Chip, KernelPrice
from helixc.price.tiles import (
    Product,
    Run,
    loop_seconds,
    merge_seconds,
    run_of,
    tiled_seconds,
    vector_seconds,
)

SPLITS = (1, 2, 3, 4, 6, 8, 12, 16)
COARSE_SIDES = (64, 128, 256)
FINE_SIDES = (16, 32, 64, 96, 128, 192, 256)
LONG_SIDE = 64
LARGEST_TILE = 256 * 128
# k is split only where tiles fill the SMs no more often than this.
FEW_TURNS = 2


@attrs.frozen
class Tile:
    """A tile, and the next lower and next narrower of the menu (0: none).

    Those are never dearer where the product takes no more of them.
    """

    height: int
    breadth: int
    lower: int
    narrower: int


@cache
def _menu(sides: tuple[int, ...]) -> tuple[Tile, ...]:
    shapes = {
        (h, b) for h, b in pairs(sides, sides) if h * b <= LARGEST_TILE and max(h, b) >= LONG_SIDE
    }
    tiles = [
        Tile(
            height=h,
            breadth=b,
            lower=max((low for low, same in shapes if same == b and low < h), default=0),
            narrower=max((thin for same, thin in shapes if same == h and thin < b), default=0),
        )
        for h, b in shapes
    ]
    return tuple(sorted(tiles, key=lambda tile: (-tile.height * tile.breadth, tile.height)))


def menu(constants: GemmConstants) -> tuple[Tile, ...]:
    """The tiles that the library of a GPU offers, largest first."""
    return _menu(_sides(constants))


def _sides(constants: GemmConstants) -> tuple[int, ...]:
    return FINE_SIDES if constants.fine else COARSE_SIDES


def gemm_price(product: Product, chip: Chip, constants: GemmConstants) -> KernelPrice:
    """Seconds of one matrix product on one GPU, and what bounds them."""
    run = run_of(product, chip, constants, SCALAR)
    seconds, tile, splits = _cheapest(run)
    if 1 in (product.m, product.n):
        vector = vector_seconds(run)
        if vector <= seconds:
            rest = vector - constants.launch
            return KernelPrice(vector, "bandwidth" if rest > constants.launch else "latency")
    loop = loop_seconds(run, tile.height, tile.breadth, splits)
    if constants.launch + merge_seconds(run, splits) >= max(loop, run.memory):
        return KernelPrice(seconds, "latency")
    return KernelPrice(seconds, "flops" if loop > run.memory else "bandwidth")


def _cheapest(run: Run) -> tuple[float, Tile, int]:
    """The least time, its tile and its splits.

    Tiles come by the least that their loops take; once that is as long as a loop may be that still
    beats the best so far, the rest is not looked at.
    """
    few = FEW_TURNS * run.chip.sms
    full = run.chip.sms if run.constants.persistent else float("inf")
    chosen = sorted(_candidates(run), key=itemgetter(0))
    least, best, best_splits, longest = float("inf"), chosen[0][1], 1, float("inf")
    for busy, tile, tiles in chosen:
        if busy >= longest:
            break
        floor = run.constants.launch + max(busy, run.memory)
        for splits in SPLITS if tiles <= few else (1,):
            if floor + merge_seconds(run, splits) >= least:
                break
            seconds = tiled_seconds(run, tile.height, tile.breadth, splits)
            if seconds < least:
                least, best, best_splits = seconds, tile, splits
                longest = _longest(run, seconds)
            if tiles * splits >= full:
                break  # every SM is at work for all of the time: more splits only add to it
    return least, best, best_splits


def _longest(run: Run, seconds: float) -> float:
    """The loop that together with the memory takes ``seconds``."""
    body, power = seconds - run.constants.launch, run.constants.overlap
    if body <= run.memory:
        return 0.0
    return body * (1 - (run.memory / body) ** power) ** (1 / power)


def _candidates(run: Run) -> Iterator[tuple[float, Tile, int]]:
    """The least that the loops of each tile take however k is split, the tile, and how many there are."""
    product, constants, sms = run.product, run.constants, run.chip.sms
    rows = {side: ceil(product.m / side) for side in _sides(constants)}
    across = {side: ceil(product.n / side) for side in _sides(constants)}
    for tile in menu(constants):
        height, breadth = tile.height, tile.breadth
        if tile.lower and rows[tile.lower] == rows[height]:
            continue
        if tile.narrower and across[tile.narrower] == across[breadth]:
            continue
        tiles, area = product.batch * rows[height] * across[breadth], height * breadth
        arithmetic = 2 * area * run.depth / run.arithmetic
        feed = (height + breadth) * run.depth * product.width / run.fill
        write = constants.epilogue * area * product.written / run.fill
        core, ends = max(arithmetic, feed), constants.wave + write
        yield max(tiles / sms * (core + ends), core / SPLITS[-1] + ends), tile, tiles


@attrs.frozen
class Ways:
    """The tiles and splits worth trying for a column of products: one row per way, product by product.

    ``product`` says whose way it is, ``starts`` where each product's ways begin.
    """

    product: Quantity
    height: Quantity
    breadth: Quantity
    splits: Quantity
    starts: Quantity


def ways_of(product: Product, chip: Chip, constants: GemmConstants, numpy: Any) -> Ways:
    """The ways that the search for one product would go through."""
    tiles = menu(constants)
    height, breadth, lower, narrower = (
        numpy.array([getattr(tile, name) for tile in tiles])
        for name in ("height", "breadth", "lower", "narrower")
    )
    m, n, batch = numpy.broadcast_arrays(product.m, product.n, product.batch)
    m, n, batch = m[:, None], n[:, None], batch[:, None]
    rows, across = numpy.ceil(m / height), numpy.ceil(n / breadth)
    kept = (lower == 0) | (numpy.ceil(m / numpy.maximum(lower, 1)) != rows)
    kept &= (narrower == 0) | (numpy.ceil(n / numpy.maximum(narrower, 1)) != across)
    few = batch * rows * across <= FEW_TURNS * chip.sms
    splits = numpy.array(SPLITS)
    index, tile, split = numpy.nonzero(kept[:, :, None] & (few[:, :, None] | (splits == 1)))
    return Ways(
        product=index,
        height=height[tile],
        breadth=breadth[tile],
        splits=splits[split],
        starts=numpy.searchsorted(index, numpy.arange(len(m))),
    )


def gemm_columns(
    product: Product,
    chip: Chip,
    constants: GemmConstants,
    numpy: Any,
    ways: Ways | None = None,
) -> Quantity:
    """Seconds of a column of matrix products; ``ways`` saves finding them again for other constants."""
    f = columns(numpy)
    if ways is None:
        ways = ways_of(product, chip, constants, numpy)
    run = run_of(product, chip, constants, f)
    m, k, n, batch = numpy.broadcast_arrays(product.m, product.k, product.n, product.batch)
    taken = attrs.evolve(
        run,
        product=attrs.evolve(
            product,
            m=m[ways.product],
            k=k[ways.product],
            n=n[ways.product],
            batch=batch[ways.product],
        ),
        depth=run.depth[ways.product],
        memory=run.memory[ways.product],
        merge=run.merge[ways.product],
    )
    seconds = tiled_seconds(taken, ways.height, ways.breadth, ways.splits)
    least = numpy.minimum.reduceat(seconds, ways.starts)
    vector = (m == 1) | (n == 1)
    return numpy.where(vector, numpy.minimum(vector_seconds(run), least), least)
