"""What is measured: a dozen matrix products, a kernel bound by memory, and collectives of all regimes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import attrs

CollectiveKind = Literal["all_reduce", "all_gather", "reduce_scatter", "all_to_all"]
KINDS: tuple[CollectiveKind, ...] = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")


@attrs.frozen
class Gemm:
    """A product [m, k] x [k, n]; ``size`` of its operands and its result fits every GPU."""

    m: int
    k: int
    n: int


@attrs.frozen
class Sample:
    """One measurement: ``kind`` is "gemm", "stream" or a collective; ``size`` what it was made on.

    ``size`` is the product for "gemm", else bytes: read and written for "stream", and for a collective
    the whole buffer, as nccl-tests count it.
    """

    kind: str
    dtype: str
    size: Gemm | int
    seconds: float


# Thin and thick, long and short sums, small enough for a launch to show and large enough for power.
GEMMS = (
    Gemm(1, 8192, 8192),
    Gemm(16, 8192, 8192),
    Gemm(128, 4096, 4096),
    Gemm(256, 8192, 1024),
    Gemm(512, 4096, 4096),
    Gemm(1024, 2048, 8192),
    Gemm(2048, 8192, 2048),
    Gemm(4096, 4096, 4096),
    Gemm(4096, 12_288, 1536),
    Gemm(8192, 1024, 8192),
    Gemm(8192, 8192, 8192),
    Gemm(16_384, 8192, 4096),
)
STREAMS = (2**12, 2**20, 2**24, 2**26, 2**28, 2**30)
# Latency, either side of the protocols' switch, and bandwidth.
COLLECTIVES = (2**13, 2**20, 2**23, 2**28)


class Bench(Protocol):
    """Something that runs a kernel or a collective often enough to tell how long it takes."""

    def gemm(self, size: Gemm, dtype: str) -> float:
        """Seconds of one matrix product."""
        ...

    def stream(self, moved: int, dtype: str) -> float:
        """Seconds of one elementwise kernel that reads and writes ``moved`` bytes in all."""
        ...

    def collective(self, kind: CollectiveKind, total: int, dtype: str) -> float:
        """Seconds of one collective of all GPUs, on a buffer of ``total`` bytes."""
        ...


def measure_kernels(
    bench: Bench, dtypes: Sequence[str], tell: Callable[[Sample], None], shrink: int = 1
) -> tuple[Sample, ...]:
    """Matrix products of every dtype, and kernels bound by memory; ``tell`` hears of each.

    ``shrink``: by how much the sides of products are smaller, and bytes, where a GPU's are too many.
    """
    found: list[Sample] = []
    for dtype in dtypes:
        for whole in GEMMS:
            size = Gemm(*(-(-side // shrink) for side in (whole.m, whole.k, whole.n)))
            found.append(Sample("gemm", dtype, size, bench.gemm(size, dtype)))
            tell(found[-1])
    for moved in (-(-size // shrink) for size in STREAMS):
        found.append(Sample("stream", dtypes[0], moved, bench.stream(moved, dtypes[0])))
        tell(found[-1])
    return tuple(found)


def measure_collectives(bench: Bench, dtype: str, shrink: int = 1) -> tuple[Sample, ...]:
    """Collectives of every kind and size, on one rank of those that make them."""
    return tuple(
        Sample(kind, dtype, total, bench.collective(kind, total, dtype))
        for kind in KINDS
        for total in (-(-size // shrink) for size in COLLECTIVES)
    )
