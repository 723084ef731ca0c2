"""Who receives how much from whom, for the matrix of a page."""

from __future__ import annotations

from typing import Any

from helixc.analysis.numbers_text import byte_text
from helixc.analysis.timed_program import TimedProgram
from helixc.analysis.traffic import Traffic, find_traffic
from helixc.emit.wording import gpus_text
from helixc.ir.hardware import Cluster


def traffic_json(timed: TimedProgram, numbers: dict[str, int]) -> dict[str, Any]:
    """The matrix's rows and columns, its patterns, and what each collective (by its row) puts into it."""
    traffic = find_traffic(timed.program, timed.layers)
    gpus = timed.program.mesh.devices
    return {
        "block": traffic.block,
        "names": [
            _name(first, min(first + traffic.block, gpus), traffic, timed.program.cluster)
            for first in range(0, gpus, traffic.block)
        ],
        "patterns": [[list(row) for row in pattern] for pattern in traffic.patterns],
        "moved": [
            {"row": numbers[value], "pattern": moved.pattern, "bytes": moved.bytes,
             "size": byte_text(moved.bytes), "peers": moved.peers}
            for value, moved in traffic.of.items()
        ],
    }  # fmt: skip


def _name(first: int, end: int, traffic: Traffic, cluster: Cluster) -> str:
    """``GPU 3``, ``node 1`` where a block is a node, else the GPUs in it."""
    inside = cluster.gpus
    for depth, level in enumerate(cluster.levels[:-1], start=1):
        inside //= level.size
        if inside == traffic.block:
            return ", ".join(f"{name} {place}" for name, place in cluster.place(first)[:depth])
    numbers = gpus_text(range(first, end))
    return f"GPU {numbers}" if end - first == 1 else f"GPUs {numbers}"
