"""What the formulas of all kernels take and give: a chip, and seconds with what bounds them."""

from __future__ import annotations

import attrs

from helixc.ir.hardware import Gpu


@attrs.frozen
class Chip:
    """What a datasheet says of a GPU, for one dtype.

    ``peak``: dense FLOP/s.  ``bandwidth``: bytes/s of the memory.  ``sms``: streaming multiprocessors,
    each of which works on one block of a kernel at a time.
    """

    peak: float
    bandwidth: float
    sms: int


def chip_of(gpu: Gpu, dtype: str) -> Chip:
    """The datasheet of ``gpu`` for kernels that compute in ``dtype``."""
    return Chip(peak=gpu.peak(dtype), bandwidth=gpu.bandwidth, sms=gpu.sms)


@attrs.frozen
class KernelPrice:
    """Seconds, and what bounds them: ``flops``, ``bandwidth`` or ``latency``."""

    seconds: float
    bound: str
