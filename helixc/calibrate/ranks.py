"""Runs a measurement as one process per GPU; the first one's samples come back."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from helixc.calibrate.samples import Sample, measure_collectives, measure_kernels
from helixc.calibrate.torch_bench import TorchBench, dtypes_of

# How long a rank waits for the others, in seconds.
PATIENCE = 120
# A CPU is slower by so much that it tries the procedure on small sizes.
SHRINK = {"cuda": 1, "cpu": 16}


def measured_here(
    torch: ModuleType, device: str, gpus: int, tell: Callable[[Sample], None]
) -> tuple[Sample, ...]:
    """Kernels in this process, then collectives between ``gpus`` processes, one for each GPU."""
    found = measure_kernels(TorchBench(torch, device), dtypes_of(device), tell, SHRINK[device])
    if gpus == 1:
        return found
    moved = _collectives(torch, device, gpus)
    for sample in moved:
        tell(sample)
    return (*found, *moved)


def _collectives(torch: Any, device: str, gpus: int) -> tuple[Sample, ...]:
    """Raises ``RuntimeError`` with what the first rank that failed said."""
    with TemporaryDirectory() as folder:
        context = torch.multiprocessing.get_context("spawn")
        answers = context.SimpleQueue()
        meeting = (Path(folder) / "meeting").as_uri()
        torch.multiprocessing.spawn(
            _rank, args=(device, gpus, meeting, answers), nprocs=gpus, join=True
        )
        if answers.empty():
            raise RuntimeError("no rank gave an answer")
        return tuple(answers.get())


def _rank(rank: int, device: str, gpus: int, meeting: str, answers: Any) -> None:
    """One process: joins the others, measures with them, and if it is the first says what it found."""
    torch: Any = import_module("torch")
    backend = "nccl" if device == "cuda" else "gloo"
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    group = torch.distributed
    group.init_process_group(
        backend,
        init_method=meeting,
        rank=rank,
        world_size=gpus,
        timeout=timedelta(seconds=PATIENCE),
    )
    try:
        bench = TorchBench(torch, device, rank=rank, gpus=gpus)
        found = measure_collectives(bench, dtypes_of(device)[0], SHRINK[device])
        if rank == 0:
            answers.put(found)
    finally:
        group.destroy_process_group()
