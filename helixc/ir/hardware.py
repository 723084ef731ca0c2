"""Hardware as declared: GPUs, links, and clusters as nested levels of links.

All figures are SI: bytes, bytes per second, FLOP per second, seconds.
"""

from __future__ import annotations

import attrs

from helixc.ir.kernels import CollectiveConstants, NetworkConstants


@attrs.frozen(kw_only=True)
class Gpu:
    """One accelerator.

    ``peaks`` are dense datasheet rates in FLOP/s by dtype.  ``compute_fraction`` and
    ``bandwidth_fraction`` say how much of the peak rate and of the memory bandwidth (bytes/s) a good
    kernel reaches; ``launch_seconds`` is the fixed cost of a kernel.
    """

    name: str
    memory_bytes: int
    bandwidth: float
    peaks: tuple[tuple[str, float], ...]
    compute_fraction: float = 0.79
    bandwidth_fraction: float = 0.83
    launch_seconds: float = 0.0

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


@attrs.frozen(kw_only=True)
class Link:
    """A kind of link: ``bandwidth`` in bytes/s per GPU and direction, ``latency`` in seconds.

    ``collectives``, ``network``: what collectives were measured to cost, inside one switch and across a
    network; without them they are priced by latency and bandwidth alone.
    """

    name: str
    bandwidth: float
    latency: float
    in_switch: bool = False
    collectives: CollectiveConstants | None = None
    network: NetworkConstants | None = None


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
