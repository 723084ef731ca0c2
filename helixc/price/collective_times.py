"""Seconds of one collective, as measured libraries run it: the formulas, for numbers and for columns.

``own``: bytes that one rank contributes to an all-gather, keeps of a reduce-scatter or an all-reduce, or
sends to each other rank in an all-to-all; the whole buffer is ``own`` times ``ranks``.  ``passes``: how
often a ring is gone round, twice for an all-reduce.  A ring of n ranks takes ``passes (n - 1)`` steps and
moves ``own`` bytes in each.  Every time grows with ``own``, and with ``ranks`` where ``own`` is fixed.

Protocols LL, LL128 and Simple, and reduction in the switch (NVLS): Hu et al., Demystifying NCCL,
arXiv:2507.04786.  Latency and bandwidth: Thakur, Rabenseifner and Gropp, IJHPCA 19(1), 2005.  Trees:
Sanders, Speck and Traff, Two-tree algorithms, Parallel Computing 35(12), 2009.  The term ``sqrt(x ramp)``
is the least of ``chunk time + x ramp / (4 chunk time)``: a pipeline whose chunks are as large as pays.
"""

from __future__ import annotations

import attrs

from helixc.ir.kernels import CollectiveConstants, NetworkConstants
from helixc.price.elementary import Elementary, Quantity

ALL_REDUCE = 2
GATHER = 1


def _ramped(seconds: Quantity, ramp: Quantity, f: Elementary) -> Quantity:
    return seconds + f.sqrt(seconds * ramp)


def low_latency(
    passes: int, own: Quantity, ranks: Quantity, c: CollectiveConstants, f: Elementary
) -> Quantity:
    """The faster of the two protocols that send a flag with the data."""
    steps = passes * (ranks - 1)
    ll = c.ll_base + c.ll_step * steps + steps * own / c.ll_bandwidth
    ll128 = c.ll128_base + c.ll128_step * steps + steps * own / c.ll128_bandwidth
    return f.minimum(ll, ll128)


def simple(
    passes: int, own: Quantity, ranks: Quantity, c: CollectiveConstants, f: Elementary
) -> Quantity:
    """A ring of large chunks, and one's own part copied into the result."""
    steps = passes * (ranks - 1)
    copied = (c.copy_reduce if passes == ALL_REDUCE else 1.0) * own / c.copy
    moving = steps * own / c.simple_bandwidth + copied
    return c.simple_base + c.simple_step * steps + _ramped(moving, c.simple_ramp * steps, f)


def in_switch(own: Quantity, ranks: Quantity, c: CollectiveConstants, f: Elementary) -> Quantity:
    """An all-reduce in which the switch adds: every rank sends and receives the buffer once."""
    return c.nvls_base + _ramped(own * ranks / c.nvls_bandwidth, c.nvls_ramp, f)


def reduces_in_switch(passes: int, c: CollectiveConstants) -> bool:
    """Whether the switch adds at all."""
    return passes == ALL_REDUCE and c.nvls_bandwidth > 0


def ring(
    passes: int, own: Quantity, ranks: Quantity, c: CollectiveConstants, f: Elementary
) -> Quantity:
    """A collective inside one switch, by the protocol that the library takes.

    The library changes protocol at a fixed size whether that pays or not, for a ring of a single step
    at twice that size; where the time would fall there, with bytes or with ranks, it stays what it was.
    """
    large = simple(passes, own, ranks, c, f)
    if reduces_in_switch(passes, c):
        large = f.where(ranks >= c.nvls_ranks, in_switch(own, ranks, c, f), large)
    single = f.where(passes * (ranks - 1) > 1, 1.0, 2.0)
    before = low_latency(passes, f.minimum(own, single * c.switch), ranks, c, f)
    pair = low_latency(passes, f.minimum(own, 2 * c.switch), 2, c, f)
    after = f.maximum(f.maximum(large, before), pair)
    return f.where(own > single * c.switch, after, before)


def exchange(own: Quantity, ranks: Quantity, c: CollectiveConstants, f: Elementary) -> Quantity:
    """An all-to-all inside one switch: every rank sends ``own`` bytes to every other one."""
    peers = ranks - 1
    small = c.exchange_ll_base + c.exchange_ll_step * peers + peers * own / c.exchange_ll_bandwidth
    moving = peers * own / c.exchange_bandwidth + c.exchange_copy * own / c.copy
    large = c.exchange_base + c.exchange_step * peers + _ramped(moving, c.exchange_ramp, f)
    return f.minimum(small, large)


@attrs.frozen
class Route:
    """How a group lies across a network.

    ``rate``: bytes per second that its ring carries past the narrowest place.  ``depth``: steps from the
    root of a tree to the last leaf.
    """

    ranks: Quantity
    rate: Quantity
    depth: Quantity


def ring_across(
    passes: int, own: Quantity, route: Route, c: NetworkConstants, f: Elementary
) -> Quantity:
    """One ring through all nodes."""
    steps = passes * (route.ranks - 1)
    return c.base + c.step * steps + _ramped(steps * own / route.rate, c.ramp, f)


def tree_across(
    passes: int, own: Quantity, route: Route, c: NetworkConstants, f: Elementary
) -> Quantity:
    """Up a tree, down a tree, or both: few steps, at a fraction of the rate."""
    moving = passes * own * route.ranks / (route.rate * c.tree)
    return c.base + c.step * passes * route.depth + _ramped(moving, c.ramp, f)


def exchange_across(
    peers: Quantity, crossing: Quantity, rate: Quantity, c: NetworkConstants, f: Elementary
) -> Quantity:
    """An all-to-all: ``crossing`` bytes leave each GPU for ``peers`` others behind the network."""
    return c.base + c.step * peers + _ramped(crossing / (rate * c.exchange), c.ramp, f)


def send_across(moved: Quantity, rate: Quantity, c: NetworkConstants) -> Quantity:
    """Send and receive between two GPUs."""
    return c.direct_base + moved / rate
