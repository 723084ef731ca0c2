"""Time of a matrix product with one size of tile: the formula, for numbers and for columns.

A kernel cuts the result into tiles, one per SM at a time, and k into splits where tiles are too
few.  A tile's loop is arithmetic against the rate at which its SM is fed; the loop of all tiles
is set against the memory.  Both are soft maxima.

Roofline: Williams, Waterman and Patterson, CACM 52(4), 2009.  Tiles and whole waves: NVIDIA, Matrix
Multiplication Background User's Guide.  Splitting k, and kernels that show no waves: Osama et al.,
Stream-K, arXiv:2301.03598.  A product with a vector reads the matrix once, outside the matrix units.
"""

from __future__ import annotations

import attrs

from helixc.ir.kernels import GemmConstants
from helixc.price.elementary import Elementary, Quantity
from helixc.price.kernel import Chip

# A part of k is no shorter than this.
SHORTEST_SPLIT = 256
# Outputs of one block of a product with a vector.
VECTOR_BLOCK = 128
# The matrix units take k in pieces of so many bytes.
DEPTH_BYTES = 32
# Kernels as long as this are slowed by half of what the power limit takes in the end.
THROTTLE_SECONDS = 1e-3


@attrs.frozen
class Product:
    """``[m, k] x [k, n]``, ``batch`` of them.

    ``width`` and ``written`` are bytes per element of the operands and of the result.  Sizes are
    numbers or columns of numbers.
    """

    m: Quantity
    k: Quantity
    n: Quantity
    batch: Quantity = 1
    width: float = 2
    written: float = 2


@attrs.frozen
class Run:
    """A product on a chip, and what is the same for all tiles.

    ``arithmetic`` and ``fill``: FLOP/s and bytes/s of one SM.  ``depth``: k in whole pieces.
    ``memory``: seconds of reading and writing everything once.  ``merge``: seconds of writing and
    reading one part of the result for each split.
    """

    product: Product
    chip: Chip
    constants: GemmConstants
    f: Elementary
    arithmetic: float
    fill: float
    depth: Quantity
    memory: Quantity
    merge: Quantity


def run_of(product: Product, chip: Chip, constants: GemmConstants, f: Elementary) -> Run:
    """What a product costs on a chip before it is cut."""
    m, k, n = product.m, product.k, product.n
    moved = product.batch * (product.width * k * (m + n) + product.written * (m * n))
    piece = DEPTH_BYTES / product.width
    return Run(
        product=product,
        chip=chip,
        constants=constants,
        f=f,
        arithmetic=constants.efficiency * chip.peak / chip.sms,
        fill=4 * constants.fill * chip.bandwidth / chip.sms,
        depth=f.ceil(k / piece) * piece,
        memory=_ramped(moved / (constants.memory * chip.bandwidth), constants, f),
        merge=4 * product.batch * (m * n) / chip.bandwidth,
    )


def _ramped(seconds: Quantity, constants: GemmConstants, f: Elementary) -> Quantity:
    """What memory takes when it does not reach its rate at once."""
    return seconds + f.sqrt(seconds * constants.ramp)


def turns(run: Run, blocks: Quantity) -> Quantity:
    """Turns of the SMs for so many equal blocks, at least one: whole ones, or none visible."""
    filled = blocks / run.chip.sms
    return run.f.maximum(filled if run.constants.persistent else run.f.ceil(filled), 1)


def loop_seconds(run: Run, height: Quantity, breadth: Quantity, splits: Quantity) -> Quantity:
    """Seconds of the loops of all tiles, memory apart.

    A part of k that is shorter than allowed costs what the shortest allowed one costs, so that a
    larger k never opens a cheaper way.
    """
    f, product, constants = run.f, run.product, run.constants
    tiles = product.batch * f.ceil(product.m / height) * f.ceil(product.n / breadth)
    shortest = f.minimum(splits - 1, 1) * SHORTEST_SPLIT
    span = f.maximum(run.depth / splits, shortest)
    arithmetic = 2 * height * breadth * span / run.arithmetic
    feed = (height + breadth) * span * product.width / run.fill
    write = constants.epilogue * height * breadth * product.written / run.fill
    one = f.soft_maximum(arithmetic, feed, constants.overlap) + constants.wave + write
    busy = turns(run, tiles * splits) * one
    return busy * (1 + constants.throttle * busy / (busy + THROTTLE_SECONDS))


def merge_seconds(run: Run, splits: Quantity) -> Quantity:
    """Seconds of adding up the parts of a split k: none where it is whole."""
    return run.f.minimum(splits - 1, 1) * (run.constants.split + splits * run.merge)


def tiled_seconds(run: Run, height: Quantity, breadth: Quantity, splits: Quantity) -> Quantity:
    """Seconds of the product with one size of tile and k in ``splits`` parts."""
    loop = loop_seconds(run, height, breadth, splits)
    body = run.f.soft_maximum(loop, run.memory, run.constants.overlap)
    return run.constants.launch + body + merge_seconds(run, splits)


def vector_seconds(run: Run) -> Quantity:
    """Seconds of a product with a vector (m or n is 1): it streams, in turns of the SMs.

    In a turn each SM reads what a whole block of outputs needs, at its share of the bandwidth.
    """
    product, chip = run.product, run.chip
    blocks = product.batch * run.f.ceil(product.m * product.n / VECTOR_BLOCK)
    block = product.width * product.k * VECTOR_BLOCK
    one = block * chip.sms / (run.constants.memory * chip.bandwidth)
    read = _ramped(turns(run, blocks) * one, run.constants, run.f)
    return run.constants.launch + run.f.maximum(read, run.memory)
