"""Constants of the kernels that a GPU runs and of the collectives that a link carries: data only.

The formulas that they belong to stand in ``helixc.price``.  Times are seconds, rates bytes per second,
everything else is a plain number.  Every name is, with its prefix, a field of a ``gpu`` or a ``link``.
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class GemmConstants:
    """Matrix products of one dtype (``bf16_efficiency`` ... in a ``gpu``).

    ``efficiency``: share of the datasheet peak that the main loop reaches.  ``fill``: rate at which one
    SM is fed, in multiples of four times its share of the memory bandwidth.  ``memory``: share of the
    memory bandwidth reached.  ``launch``: fixed cost of a kernel.  ``wave``: fixed cost of a wave of
    tiles.  ``split``: fixed cost of splitting k.  ``overlap``: exponent of the soft maximum of arithmetic
    and memory.  ``epilogue``: cost of writing a tile, in multiples of its bytes at the fill rate.
    ``throttle``: slow-down of long kernels by the power limit.  ``error``: relative error of nine out
    of ten held-out measurements.
    """

    efficiency: float
    fill: float
    memory: float
    launch: float
    wave: float
    split: float
    overlap: float
    epilogue: float
    throttle: float = 0.0
    error: float = 0.25


@attrs.frozen(kw_only=True)
class StreamConstants:
    """Memory-bound kernels of one kind (``softmax_memory``, ``norm_``, ``elementwise_`` ... in a ``gpu``).

    ``launch``: fixed cost on the device.  ``memory``: share of the bandwidth.  ``ramp``: time over which
    the bandwidth is reached.  ``columns``, ``passes``: rows longer than this are read so many times more.
    ``error``: as above.
    """

    launch: float
    memory: float
    ramp: float = 0.0
    columns: float = float("inf")
    passes: float = 0.0
    error: float = 0.25


@attrs.frozen(kw_only=True)
class PrefillConstants:
    """Fused attention over many queries (``prefill_efficiency`` ... in a ``gpu``).

    ``efficiency``: share of the peak.  ``launch``: fixed cost.  ``tail``: weight of the longest row.
    ``memory``: multiples of the compulsory traffic.  ``tile``: fixed cost of a tile per SM.
    ``overlap``: exponent of the soft maximum.
    """

    efficiency: float
    launch: float
    tail: float
    memory: float
    tile: float
    overlap: float
    error: float = 0.25


@attrs.frozen(kw_only=True)
class DecodeConstants:
    """Fused attention of one query over a cache (``decode_memory`` ... in a ``gpu``).

    ``launch``: fixed cost.  ``memory``: share of the bandwidth.  ``cold``: fixed cost of a cache that is
    not in L2.  ``single``: extra bytes without grouped heads where SMs are idle.  ``few``: fixed cost of
    idle SMs.  ``ramp``: time over which the bandwidth is reached.  ``row``: time per pair of sequence and
    KV head.  ``heads``: time per million scores.  ``whole``: how far such pairs run in whole waves.
    """

    launch: float
    memory: float
    cold: float = 0.0
    single: float = 0.0
    few: float = 0.0
    ramp: float = 0.0
    row: float = 0.0
    heads: float = 0.0
    whole: float = 0.0
    error: float = 0.25


@attrs.frozen(kw_only=True)
class CollectiveConstants:
    """Collectives inside one switch (``ll_base`` ... in a ``link``): NCCL's protocols.

    ``ll``, ``ll128``, ``simple``: base, time per ring step and bandwidth of each protocol; ``simple_ramp``
    as above; ``switch``: bytes per rank above which ``simple`` is taken; ``copy``: bandwidth of copying
    one's own part and ``copy_reduce`` the share of it that an all-reduce pays.  ``nvls``: reduction in the
    switch, where it has one (bandwidth 0: none).  ``exchange``: all-to-all, small (``ll``) and large.
    ``direct``: send and receive.
    """

    ll_base: float
    ll_step: float
    ll_bandwidth: float
    ll128_base: float
    ll128_step: float
    ll128_bandwidth: float
    simple_base: float
    simple_step: float
    simple_bandwidth: float
    simple_ramp: float
    switch: float
    copy: float
    copy_reduce: float
    nvls_base: float = 0.0
    nvls_bandwidth: float = 0.0
    nvls_ramp: float = 0.0
    exchange_ll_base: float
    exchange_ll_step: float
    exchange_ll_bandwidth: float
    exchange_base: float
    exchange_step: float
    exchange_bandwidth: float
    exchange_ramp: float
    exchange_copy: float
    error: float = 0.3


@attrs.frozen(kw_only=True)
class NetworkConstants:
    """Collectives across a network (``base`` ... in a ``link``).

    ``base``: fixed cost of a collective; ``step``: time per ring step; ``reached``: share of the
    bandwidth; ``ramp``: time over which it is reached.
    """

    base: float
    step: float
    reached: float
    ramp: float
    error: float = 0.3
