"""How values, steps and GPUs are written in drawings, for people and for machines alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
)
from helixc.ir.tensor import Share


def dims_text(sizes: Mapping[str, int]) -> str:
    """``batch 1024, seq 10000``: names and sizes of one GPU's block."""
    return ", ".join(f"{dim} {size}" for dim, size in sizes.items())


def value_text(
    name: str, dtype: str, sizes: Mapping[str, int], layout: Layout, shares: Mapping[str, Share]
) -> str:
    """``q bf16[batch 1024, head 4]``, and over which mesh axes it is still partial.

    Of a ragged dimension it says how many of its places are expected to be full: ``slot 64 (8 of 256 full)``.
    """
    full = {dim: share for dim, share in shares.items() if dim in sizes}
    places = {dim: f"{size}" for dim, size in sizes.items()}
    places |= {dim: f"{sizes[dim]} ({s.part} of {s.of} full)" for dim, s in full.items()}
    text = f"{name} {dtype}[{', '.join(f'{dim} {size}' for dim, size in places.items())}]"
    if layout.partial:
        text += f" partial {layout.kind} over {', '.join(layout.partial)}"
    return text


def gpus_text(gpus: Iterable[int]) -> str:
    """``0-3, 8``: runs of consecutive numbers shortened; the order is kept."""
    runs: list[list[int]] = []
    for gpu in gpus:
        if runs and gpu == runs[-1][1] + 1:
            runs[-1][1] = gpu
        else:
            runs.append([gpu, gpu])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


_COMBINED: Mapping[str, str] = {"max": "maximum", "min": "minimum"}


def step_meaning(step: Step, members: int, kind: str) -> str:
    """What a step does, in words; ``kind``: how partial values are combined."""
    combined = _COMBINED.get(kind, "sum")
    match step:
        case AllGather():
            text = f"concatenation of {members} blocks along {step.dim}"
        case ReduceScatter():
            text = f"{combined} of {members} partial values, each keeps its part of {step.dim}"
        case AllReduce():
            text = f"{combined} of {members} partial values, everybody gets it"
        case AllToAll():
            text = f"{step.source} becomes whole, {step.target} split {members} ways"
        case Permute():
            text = "blocks change places"
        case Slice():
            text = f"its own part of {step.dim}"
        case Seed():
            text = "the value on the first GPU, zero on the others"
        case _:
            assert_never(step)
    return text
