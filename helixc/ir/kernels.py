"""Constants of the kernels that a GPU runs and of the collectives that a link carries: data only.

The formulas that they belong to stand in ``helixc.price``.  Every name, behind the name of its group, is
a field of a ``gpu`` or a ``link``: ``bf16_launch = 2.7 us``.  Times are seconds, rates bytes per second,
everything else is a plain number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

import attrs

from helixc.ir.figures import (
    EXPONENT,
    Measure,
    Range,
    above_zero,
    above_zero_or_none,
    from_zero,
)

# The error of a group that nobody has compared with measurements.
UNKNOWN_ERROR = 0.25
_REQUIRED: Any = attrs.NOTHING


def _constant(measure: Measure, legal: Range, default: float) -> float:
    return attrs.field(default=default, metadata={"measure": measure, "legal": legal})


def _plain(default: float = _REQUIRED) -> float:
    return _constant("", from_zero(""), default)


def _divisor(default: float = _REQUIRED) -> float:
    """A plain number that must not be zero."""
    return _constant("", above_zero(""), default)


def _exponent() -> float:
    """The exponent of a soft maximum."""
    return _constant("", EXPONENT, _REQUIRED)


def _seconds(default: float = _REQUIRED) -> float:
    return _constant("s", from_zero("s"), default)


def _bytes(default: float = _REQUIRED) -> float:
    return _constant("B", from_zero("B"), default)


def _rate() -> float:
    return _constant("B/s", above_zero("B/s"), _REQUIRED)


def _rate_or_none() -> float:
    """A rate; zero, which is the default, says that there is none."""
    return _constant("B/s", above_zero_or_none("B/s"), 0.0)


@attrs.frozen(kw_only=True)
class GemmConstants:
    """Matrix products of one dtype (``bf16_efficiency`` ... in a ``gpu``).

    ``efficiency``: share of the datasheet peak that the main loop reaches.  ``fill``: rate at which one
    SM is fed, in multiples of four times its share of the memory bandwidth.  ``memory``: share of the
    memory bandwidth reached, and ``ramp``: time over which.  ``launch``: fixed cost of a kernel.
    ``wave``: fixed cost of each turn of an SM.  ``split``: fixed cost of splitting k.  ``overlap``:
    exponent of the soft maxima of arithmetic and memory.  ``epilogue``: cost of writing a tile, in
    multiples of its bytes at the fill rate.

    Facts rather than fits: ``persistent``: 1 where kernels keep their SMs and show no waves, else 0.
    ``fine``: 1 where the library's tiles go down to 16, 0 where to 64.  ``throttle``: slow-down of long
    kernels by the power limit.

    ``error``: relative error of nine out of ten held-out measurements.
    """

    efficiency: float = _divisor()
    fill: float = _divisor()
    memory: float = _divisor()
    launch: float = _seconds()
    wave: float = _seconds()
    split: float = _seconds()
    overlap: float = _exponent()
    epilogue: float = _plain()
    ramp: float = _seconds(0.0)
    persistent: float = _plain(0.0)
    fine: float = _plain(0.0)
    throttle: float = _plain(0.0)
    error: float = _plain(UNKNOWN_ERROR)


@attrs.frozen(kw_only=True)
class StreamConstants:
    """Memory-bound kernels of one kind (``softmax_memory``, ``norm_``, ``elementwise_`` ... in a ``gpu``).

    ``launch``: fixed cost on the device.  ``memory``: share of the bandwidth.  ``ramp``: time over which
    the bandwidth is reached.  ``columns``, ``passes``: rows longer than this are read so many times more.
    ``host``: what launching a kernel takes where the host waits for each; 0 where kernels are queued
    ahead.  ``error``: as above.
    """

    launch: float = _seconds()
    memory: float = _divisor()
    ramp: float = _seconds(0.0)
    columns: float = _divisor(1.0)
    passes: float = _plain(0.0)
    host: float = _seconds(0.0)
    error: float = _plain(UNKNOWN_ERROR)


@attrs.frozen(kw_only=True)
class PrefillConstants:
    """Fused attention over many queries (``prefill_efficiency`` ... in a ``gpu``).

    ``efficiency``: share of the peak.  ``launch``: fixed cost.  ``tail``: weight of the longest row of
    tiles.  ``memory``: multiples of the compulsory traffic, and ``ramp``: time over which the bandwidth
    is reached.  ``tile``: fixed cost of a row of tiles.  ``overlap``: exponent of the soft maximum of
    arithmetic and memory.  ``error``: as above.

    A fact rather than a fit: ``packed``: 1 where the heads that share keys stand below one another in a
    tile, else 0.
    """

    efficiency: float = _divisor()
    launch: float = _seconds()
    tail: float = _plain()
    memory: float = _plain()
    tile: float = _seconds()
    overlap: float = _exponent()
    ramp: float = _seconds(0.0)
    packed: float = _plain(0.0)
    error: float = _plain(UNKNOWN_ERROR)


@attrs.frozen(kw_only=True)
class DecodeConstants:
    """Fused attention of one query over a cache (``decode_memory`` ... in a ``gpu``).

    ``launch``: fixed cost.  ``memory``: share of the bandwidth.  ``cold``: fixed cost of a cache that is
    not in L2.  ``few``: the least that reading the cache takes.  ``row``: time per pair of sequence and
    KV head.  ``whole``: how far such pairs run in whole waves, from 0 to 1.  ``error``: as above.
    """

    launch: float = _seconds()
    memory: float = _divisor()
    cold: float = _seconds(0.0)
    few: float = _seconds(0.0)
    row: float = _seconds(0.0)
    whole: float = _plain(0.0)
    error: float = _plain(UNKNOWN_ERROR)


@attrs.frozen(kw_only=True)
class CollectiveConstants:
    """Collectives inside one switch (``ll_base`` ... in a ``link``): NCCL's protocols.

    ``ll``, ``ll128``, ``simple``: base, time per ring step and bandwidth of each protocol; ``simple_ramp``
    as above; ``switch``: bytes per rank above which ``simple`` is taken; ``copy``: bandwidth of copying
    one's own part and ``copy_reduce`` the share of it that an all-reduce pays.  ``nvls``: reduction in the
    switch, where it has one (bandwidth 0: none), for groups of at least ``nvls_ranks``.  ``exchange``:
    all-to-all, small (``ll``) and large.  ``direct``: send and receive (bandwidth 0: that of the link).
    ``error``: as above.
    """

    ll_base: float = _seconds()
    ll_step: float = _seconds()
    ll_bandwidth: float = _rate()
    ll128_base: float = _seconds()
    ll128_step: float = _seconds()
    ll128_bandwidth: float = _rate()
    simple_base: float = _seconds()
    simple_step: float = _seconds()
    simple_bandwidth: float = _rate()
    simple_ramp: float = _seconds()
    switch: float = _bytes()
    copy: float = _rate()
    copy_reduce: float = _plain()
    nvls_base: float = _seconds(0.0)
    nvls_bandwidth: float = _rate_or_none()
    nvls_ramp: float = _seconds(0.0)
    nvls_ranks: float = _plain(8.0)
    exchange_ll_base: float = _seconds()
    exchange_ll_step: float = _seconds()
    exchange_ll_bandwidth: float = _rate()
    exchange_base: float = _seconds()
    exchange_step: float = _seconds()
    exchange_bandwidth: float = _rate()
    exchange_ramp: float = _seconds()
    exchange_copy: float = _plain()
    direct_base: float = _seconds()
    direct_bandwidth: float = _rate_or_none()
    error: float = _plain(UNKNOWN_ERROR)


@attrs.frozen(kw_only=True)
class NetworkConstants:
    """Collectives across a network (``base`` ... in a ``link``).

    ``base``: fixed cost of a collective; ``step``: time per step of a ring or a tree; ``reached``: share
    of the bandwidth; ``ramp``: time over which it is reached.  ``tree``: share of that rate which a tree
    reaches.  ``exchange``: share of the bandwidth in an all-to-all.  ``direct_base``: fixed cost of a
    send.  ``error``: as above.
    """

    base: float = _seconds()
    step: float = _seconds()
    reached: float = _divisor()
    ramp: float = _seconds()
    tree: float = _divisor(0.25)
    exchange: float = _divisor(0.75)
    direct_base: float = _seconds()
    error: float = _plain(UNKNOWN_ERROR)


KernelConstants = GemmConstants | StreamConstants | PrefillConstants | DecodeConstants
LinkConstants = CollectiveConstants | NetworkConstants
Constants = KernelConstants | LinkConstants

# The groups of constants that a GPU may have: matrix products by dtype, memory-bound kernels by kind.
KERNELS: Mapping[str, type[KernelConstants]] = {
    "bf16": GemmConstants,
    "f8": GemmConstants,
    "f32": GemmConstants,
    "tf32": GemmConstants,
    "softmax": StreamConstants,
    "norm": StreamConstants,
    "elementwise": StreamConstants,
    "quantise": StreamConstants,
    "prefill": PrefillConstants,
    "decode": DecodeConstants,
}
# The same for a link: collectives inside a switch, and across a network.
COLLECTIVES: Mapping[str, type[LinkConstants]] = {
    "nccl": CollectiveConstants,
    "network": NetworkConstants,
}


@attrs.frozen
class ConstantField:
    """One constant of a group: what it is counted in, whether it must be given, what it may be."""

    name: str
    measure: Measure
    needed: bool
    legal: Range


@cache
def constant_fields(group: type[Constants]) -> tuple[ConstantField, ...]:
    """The constants of a group."""
    return tuple(
        ConstantField(
            name=field.name,
            measure=field.metadata["measure"],
            needed=field.default is attrs.NOTHING,
            legal=field.metadata["legal"],
        )
        for field in attrs.fields(group)
    )


# Where a figure comes from: measured on this very machine, fitted to measurements of such machines,
# printed by the vendor, or nobody knows better; the best first.
Source = Literal["measured", "calibrated", "datasheet", "assumed"]
SOURCES: tuple[Source, ...] = ("measured", "calibrated", "datasheet", "assumed")


def weakest(sources: Iterable[Source]) -> Source:
    """What may be said of something that is made from all of these; of nothing, the best."""
    found: Source = "measured"
    for source in sources:
        if SOURCES.index(source) > SOURCES.index(found):
            found = source
    return found


@cache
def field_name(group: str, constant: str) -> str:
    """How a constant of a group is called as a field of a ``gpu`` or a ``link``."""
    return f"{group}_{constant}"


def flattened(group: str, constants: Constants) -> tuple[tuple[str, float], ...]:
    """The constants of one group as the figures of a GPU or a link."""
    return tuple(
        (field_name(group, name), value) for name, value in attrs.asdict(constants).items()
    )


def group_sources(
    sources: Iterable[tuple[str, Source]], groups: Mapping[str, type[Constants]]
) -> dict[str, Source]:
    """Where the constants of each group come from: as the weakest of those that must be given."""
    known = dict(sources)
    return {
        group: weakest(
            known.get(field_name(group, field.name), "assumed")
            for field in constant_fields(kind)
            if field.needed
        )
        for group, kind in groups.items()
    }


def grouped(
    figures: Iterable[tuple[str, float]], groups: Mapping[str, type[Constants]]
) -> dict[str, Constants]:
    """The groups of which every constant that must be given is among ``figures``."""
    given = dict(figures)
    found: dict[str, Constants] = {}
    for group, kind in groups.items():
        names = {field_name(group, field.name): field.name for field in constant_fields(kind)}
        values = {name: given[field] for field, name in names.items() if field in given}
        needed = [field.name for field in constant_fields(kind) if field.needed]
        if values and all(name in values for name in needed):
            found[group] = kind(**values)
    return found
