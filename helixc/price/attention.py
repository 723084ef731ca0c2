"""Time of fused attention on one GPU: many queries (prefill), and one query over a cache (decode).

Many queries: tiles of 128 by 128 in rows, one row per SM at a time; the work of all, the longest
row as in any schedule of a list (Graham, 1969), and the memory, as soft maxima.  After
FlashAttention-2, Dao, arXiv:2307.08691.  A library may pack the heads that share keys below one
another in a tile (FlashInfer, Ye et al., arXiv:2501.01005): a tile then covers fewer queries, and less
of what a causal mask hides.

One query: the keys and values are read once.  Pairs of a sequence and a KV head are spread over the
SMs, and keys are split where pairs are too few, as in Flash-Decoding (Dao, Haziza, Massa and
Sizov, 2023); pairs may run in whole waves.
"""

from __future__ import annotations

import attrs

from helixc.ir.kernels import DecodeConstants, PrefillConstants
from helixc.price.elementary import SCALAR, Elementary, Quantity
from helixc.price.kernel import Chip, KernelPrice

TILE = 128
# How far the longest row is hidden behind the work of all.
TAIL_OVERLAP = 1.2


@attrs.frozen
class Attention:
    """``heads`` queries share ``kv_heads`` keys and values; sizes are numbers or columns of numbers.

    ``queries`` and ``keys`` are lengths; ``causal`` queries are the last of the keys, and of those before it
    each sees the last ``window`` (0: all).  ``key_depth`` and ``value_depth`` are elements per head, ``width``
    is bytes per element.
    """

    batch: Quantity
    queries: Quantity
    keys: Quantity
    heads: Quantity
    kv_heads: Quantity
    key_depth: Quantity
    value_depth: Quantity
    causal: bool = False
    width: float = 2
    window: int = 0


@attrs.frozen
class PrefillParts:
    """Seconds of arithmetic and of memory, launch apart."""

    loop: Quantity
    memory: Quantity


def row_tiles(
    shape: Attention, constants: PrefillConstants, f: Elementary
) -> tuple[Quantity, Quantity]:
    """How many rows of tiles a sequence has for every group of heads in one tile, and heads of a group.

    Packed rows are counted in fractions: rounded up, more KV heads for the same heads could be cheaper.
    """
    if not constants.packed:
        return f.ceil(shape.queries / TILE), 1
    group = shape.heads / shape.kv_heads
    return f.maximum(1, shape.queries * group / TILE), group


def prefill_parts(
    shape: Attention, chip: Chip, constants: PrefillConstants, f: Elementary
) -> PrefillParts:
    """What fused attention over many queries is made of."""
    down, group = row_tiles(shape, constants, f)
    across = f.ceil(shape.keys / TILE)
    depth = shape.key_depth + shape.value_depth
    tile = 2 * depth * TILE**2 / (constants.efficiency * chip.peak / chip.sms)
    rows = shape.batch * shape.heads / group / chip.sms
    longest = longest_row(shape, across, f)
    work = rows * (down * across - skipped_tiles(shape, down, across, group, f)) * tile
    loop = f.soft_maximum(work, constants.tail * longest * tile, TAIL_OVERLAP)
    moved = depth * (shape.queries * shape.heads + 2 * shape.keys * shape.kv_heads)
    memory = constants.memory * shape.batch * shape.width * moved / chip.bandwidth
    return PrefillParts(
        loop=loop + constants.tile * f.maximum(rows * down, 1),
        memory=memory + f.sqrt(memory * constants.ramp),
    )


def longest_row(shape: Attention, across: Quantity, f: Elementary) -> Quantity:
    """Tiles of the row that has most of them: a window may begin in the middle of a tile."""
    return f.minimum(across, f.ceil(shape.window / TILE) + 1) if shape.window else across


def skipped_tiles(
    shape: Attention, down: Quantity, across: Quantity, group: Quantity, f: Elementary
) -> Quantity:
    """Tiles that a mask hides altogether: what is behind the queries, and what a window leaves out.

    The row ``n`` before the last one sees ``across - n / group`` tiles, of which a window leaves the last.
    """
    if not shape.causal:
        return 0
    hidden = f.minimum(down, across * group)
    skipped = hidden * (hidden - 1) / (2 * group)
    if not shape.window:
        return skipped
    beyond = across - longest_row(shape, across, f)
    cut = f.minimum(hidden, group * beyond)
    return skipped + f.maximum(cut * beyond - cut * (cut - 1) / (2 * group), 0)


def prefill_seconds(
    shape: Attention, chip: Chip, constants: PrefillConstants, f: Elementary
) -> Quantity:
    """Seconds of fused attention over many queries; keys and values are read, and written to a cache."""
    parts = prefill_parts(shape, chip, constants, f)
    return constants.launch + f.soft_maximum(parts.loop, parts.memory, constants.overlap)


def prefill_price(shape: Attention, chip: Chip, constants: PrefillConstants) -> KernelPrice:
    """The same for one kernel, and what bounds it."""
    parts = prefill_parts(shape, chip, constants, SCALAR)
    seconds = prefill_seconds(shape, chip, constants, SCALAR)
    if constants.launch > max(parts.loop, parts.memory):
        return KernelPrice(seconds, "latency")
    return KernelPrice(seconds, "flops" if parts.loop > parts.memory else "bandwidth")


def decode_seconds(
    shape: Attention, chip: Chip, constants: DecodeConstants, f: Elementary
) -> Quantity:
    """Seconds of fused attention of one query per sequence over a cache that is not in L2."""
    reading = cache_bytes(shape, chip, constants, f) / (constants.memory * chip.bandwidth)
    return reading_seconds(shape, constants.cold + reading, constants, f)


def reading_seconds(
    shape: Attention, reading: Quantity, constants: DecodeConstants, f: Elementary
) -> Quantity:
    """Seconds of the kernel where keys and values are there after ``reading``."""
    pairs = shape.batch * shape.kv_heads
    return constants.launch + f.maximum(reading, constants.few) + constants.row * pairs


def cache_bytes(
    shape: Attention, chip: Chip, constants: DecodeConstants, f: Elementary
) -> Quantity:
    """Bytes of keys and values, stretched by the SMs that have nothing to do in the last wave."""
    pairs = shape.batch * shape.kv_heads
    seen = f.minimum(shape.keys, shape.window) if shape.window else shape.keys
    moved = pairs * seen * (shape.key_depth + shape.value_depth) * shape.width
    parts = f.maximum(1, f.floor(chip.sms / pairs))
    filled = pairs * parts / chip.sms
    return moved * (1 - constants.whole + constants.whole * f.ceil(filled) / filled)


def decode_price(shape: Attention, chip: Chip, constants: DecodeConstants) -> KernelPrice:
    """The same for one kernel, and what bounds it."""
    seconds = decode_seconds(shape, chip, constants, SCALAR)
    reading = cache_bytes(shape, chip, constants, SCALAR) / (constants.memory * chip.bandwidth)
    return KernelPrice(seconds, "bandwidth" if 2 * reading > seconds else "latency")
