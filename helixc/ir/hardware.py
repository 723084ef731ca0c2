"""Hardware as declared: GPUs, links, and clusters as nested levels of links.

All figures are SI: bytes, bytes per second, FLOP per second, seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import cast

import attrs

from helixc.ir.kernels import (
    COLLECTIVES,
    KERNELS,
    CollectiveConstants,
    KernelConstants,
    NetworkConstants,
    Source,
    group_sources,
    grouped,
    weakest,
)

Figures = tuple[tuple[str, float], ...]
# Seconds of ``batch`` products [m, k] x [k, n] of a dtype: (m, k, n, batch, dtype); None if not known.
GetTime = Callable[[int, int, int, int, str], float | None]
Sources = tuple[tuple[str, Source], ...]


def symbolic(_m: int, _k: int, _n: int, _batch: int, _dtype: str) -> None:
    """Times of products that shall stay standing in reports; where one is needed, the constants have it."""


@attrs.frozen(kw_only=True, slots=False)
class Gpu:
    """One accelerator.

    ``peaks`` are dense datasheet rates in FLOP/s by dtype, ``sms`` the number of streaming
    multiprocessors (0: not given).  ``figures`` are the constants of its kernels by the names of their
    fields, see ``kernels``.  Where it has none for a kind of operator, ``compute_fraction`` and
    ``bandwidth_fraction`` say how much of the peak rate and of the memory bandwidth (bytes/s) a good
    kernel reaches, and ``launch_seconds`` is the fixed cost of a kernel.  ``sources``: where each field
    comes from; one that is not there is assumed.  ``get_time``: a user's own times of matrix products,
    which go before the constants.
    """

    name: str
    memory_bytes: int
    bandwidth: float
    peaks: tuple[tuple[str, float], ...]
    compute_fraction: float = 0.79
    bandwidth_fraction: float = 0.83
    launch_seconds: float = 0.0
    sms: int = 0
    figures: Figures = ()
    sources: Sources = ()
    get_time: GetTime | None = attrs.field(default=None, eq=False, repr=False)

    @cached_property
    def kernels(self) -> Mapping[str, KernelConstants]:
        """The constants of its kernels, by group: dtypes of matrix products, kinds of other kernels."""
        return cast("Mapping[str, KernelConstants]", grouped(self.figures, KERNELS))

    @cached_property
    def kernel_sources(self) -> Mapping[str, Source]:
        """Where the constants of each group of kernels come from."""
        return group_sources(self.sources, KERNELS)

    def source(self, field: str) -> Source:
        """Where the figure of a field comes from."""
        return self._sources.get(field, "assumed")

    @cached_property
    def _sources(self) -> Mapping[str, Source]:
        return dict(self.sources)

    def peak(self, dtype: str) -> float:
        """Datasheet FLOP/s for a dtype; an unlisted one runs at the rate of the next wider listed one."""
        known = dict(self.peaks)
        wider = {"f4": "f8", "f8": "bf16", "f16": "bf16", "bf16": "f16", "i8": "bf16"}
        name, seen = dtype, set[str]()
        while name not in known and name in wider and name not in seen:
            seen.add(name)
            name = wider[name]
        if name in known:
            return known[name]
        return min(known.values())


@attrs.frozen(kw_only=True, slots=False)
class Link:
    """A kind of link: ``bandwidth`` in bytes/s per GPU and direction, ``latency`` in seconds.

    ``figures`` are the constants of the collectives that it carries, by the names of their fields (see
    ``kernels.flattened``); without them they are priced by latency and bandwidth alone.  ``sources`` as
    for a GPU.
    """

    name: str
    bandwidth: float
    latency: float
    in_switch: bool = False
    figures: Figures = ()
    sources: Sources = ()

    @cached_property
    def collectives(self) -> CollectiveConstants | None:
        """Constants of collectives inside one switch of such links, if it has any."""
        found = grouped(self.figures, COLLECTIVES).get("nccl")
        return found if isinstance(found, CollectiveConstants) else None

    @cached_property
    def network(self) -> NetworkConstants | None:
        """Constants of collectives across a network of such links, if it has any."""
        found = grouped(self.figures, COLLECTIVES).get("network")
        return found if isinstance(found, NetworkConstants) else None

    @cached_property
    def constants_source(self) -> Source:
        """Where what collectives on it are priced by comes from."""
        sources = group_sources(self.sources, COLLECTIVES)
        if self.collectives is not None:
            return sources["nccl"]
        if self.network is not None:
            return sources["network"]
        return weakest((self.source("bandwidth"), self.source("latency")))

    def source(self, field: str) -> Source:
        """Where the figure of a field comes from."""
        return dict(self.sources).get(field, "assumed")


@attrs.frozen(kw_only=True)
class Level:
    """One level of a cluster: ``size`` members connected by ``link``.

    ``links`` is the number of links per member, shared by the GPUs inside it; ``None`` means one per
    GPU.  ``oversubscribed`` divides what the level can carry when everyone sends at once.
    """

    name: str
    size: int
    link: Link | None = None
    links: int | None = None
    rails: int | None = None
    oversubscribed: float = 1.0


@attrs.frozen(kw_only=True)
class Cluster:
    """GPUs of one kind in nested levels, outermost first; GPUs are numbered row-major over them."""

    name: str
    gpu: Gpu
    levels: tuple[Level, ...]

    @property
    def gpus(self) -> int:
        """Number of GPUs."""
        count = 1
        for level in self.levels:
            count *= level.size
        return count

    @property
    def gpus_per_node(self) -> int:
        """Number of GPUs of one member of all levels but the innermost."""
        return self.levels[-1].size if self.levels else 1

    def place(self, gpu: int) -> tuple[tuple[str, int], ...]:
        """Where a GPU stands: each level but the innermost, and which of its members holds the GPU."""
        places: list[tuple[str, int]] = []
        inside = self.gpus
        for level in self.levels[:-1]:
            inside //= level.size
            places.append((level.name, gpu // inside))
            gpu %= inside
        return tuple(places)
