"""Measures kernels on one device, and collectives between processes, with PyTorch.

PyTorch is an extra and is imported when a bench is made.  On a GPU, kernels are queued and timed by
events, so that launches of the host are hidden as they are in a model; on a CPU, by the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from types import ModuleType
from typing import Any

from helixc.calibrate.samples import CollectiveKind, Gemm
from helixc.ir.tensor import DTYPE_BITS

# Runs before anything counts, runs that are timed together, and how often that is repeated.
WARM_UPS = 3
TOGETHER = 10
ROUNDS = 7
# Written between rounds, so that a kernel finds a second-level cache that knows nothing.
FLUSH_BYTES = 2**28
_DTYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32", "f64": "float64"}


class TorchBench:
    """The bench of one process: rank ``rank`` of ``gpus``, on ``device`` ("cuda" or "cpu")."""

    def __init__(self, torch: ModuleType, device: str, *, rank: int = 0, gpus: int = 1) -> None:
        self._torch: Any = torch
        self._gpus = gpus
        self._on = f"{device}:{rank}" if device == "cuda" else device
        if device == "cuda":
            self._torch.cuda.set_device(rank)
            self._torch.backends.cuda.matmul.allow_tf32 = False
        self._cuda = device == "cuda"

    def gemm(self, size: Gemm, dtype: str) -> float:
        """Seconds of one matrix product."""
        left, right = self._filled((size.m, size.k), dtype), self._filled((size.k, size.n), dtype)
        out = self._filled((size.m, size.n), dtype)
        return self._seconds(lambda: self._torch.mm(left, right, out=out))

    def stream(self, moved: int, dtype: str) -> float:
        """Seconds of one kernel that reads half of ``moved`` bytes and writes the other half."""
        source = self._filled((self._elements(moved // 2, dtype),), dtype)
        target = self._torch.empty_like(source)
        return self._seconds(lambda: self._torch.mul(source, 2, out=target))

    def collective(self, kind: CollectiveKind, total: int, dtype: str) -> float:
        """Seconds of one collective, on a buffer of ``total`` bytes in all; all ranks must call it."""
        count = -(-self._elements(total, dtype) // self._gpus) * self._gpus
        whole = self._filled((count,), dtype)
        part = self._filled((count // self._gpus,), dtype)
        own = self._torch.empty_like(whole)
        group = self._torch.distributed
        # Newer versions have other names for these two.
        gather = getattr(group, "all_gather_single", group.all_gather_into_tensor)
        scatter = getattr(group, "reduce_scatter_single", group.reduce_scatter_tensor)
        run: dict[CollectiveKind, Callable[[], object]] = {
            "all_reduce": lambda: group.all_reduce(whole),
            "all_gather": lambda: gather(whole, part),
            "reduce_scatter": lambda: scatter(part, whole),
            "all_to_all": lambda: group.all_to_all_single(own, whole),
        }
        group.barrier()
        return self._seconds(run[kind])

    def _elements(self, size: int, dtype: str) -> int:
        return max(1, size * 8 // DTYPE_BITS[dtype])

    def _filled(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Small random numbers: of zeros alone a GPU draws less power and runs faster."""
        filled = self._torch.randn(shape, device=self._on, dtype=self._torch.float32)
        return (filled * 0.01).to(getattr(self._torch, _DTYPES[dtype]))

    def _seconds(self, run: Callable[[], object]) -> float:
        for _ in range(WARM_UPS):
            run()
        timed = self._by_events if self._cuda else self._by_clock
        return median(timed(run) for _ in range(ROUNDS))

    def _by_clock(self, run: Callable[[], object]) -> float:
        start = time.perf_counter()
        for _ in range(TOGETHER):
            run()
        return (time.perf_counter() - start) / TOGETHER

    def _by_events(self, run: Callable[[], object]) -> float:
        torch = self._torch
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        # While this is written, the host queues what is measured.
        torch.empty(FLUSH_BYTES, dtype=torch.int8, device=self._on).zero_()
        first.record()
        for _ in range(TOGETHER):
            run()
        last.record()
        torch.cuda.synchronize()
        milliseconds: float = first.elapsed_time(last)
        return milliseconds / 1000 / TOGETHER


def dtypes_of(device: str) -> tuple[str, ...]:
    """The dtypes whose products are worth measuring on a device."""
    return ("bf16", "f32") if device == "cuda" else ("f32",)
