"""Whether this machine has the memory for a run, before anything is started."""

from __future__ import annotations

import os
from math import prod
from pathlib import Path

from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.numbers_text import byte_text
from helixc.compiler import Compilation
from helixc.diagnostics import Diagnostic, HelixError

# What Python and PyTorch take in every process, and how much wider our floating numbers are than most.
_PROCESS_BYTES = 300 * 2**20
_WIDTHS = {"f64": 4, "f32": 2, "bf16": 1}


def check_capacity(compilation: Compilation, *, small: bool, dtype: str) -> None:
    """Raise ``HelixError`` if a run at the sizes written takes more memory than there is.

    The sizes of ``small`` runs are the least ones, of which only the processes count.
    """
    spmd = compilation.spmd
    free = _free_bytes()
    needed = spmd.mesh.devices * _PROCESS_BYTES
    if not small:
        memory = find_memory(spmd, find_layers(spmd))
        needed += spmd.mesh.devices * _WIDTHS[dtype] * (memory.weights_bytes + memory.peak_bytes)
        # The model is run here as well, whole and in f64.
        needed += 4 * sum(
            4 * prod(spmd.sizes[dim] for dim in type_.dims) for type_ in spmd.types.values()
        )
    if free is not None and needed > free:
        message = (
            f"{spmd.mesh.devices} processes and the model beside them take about "
            f"{byte_text(needed)}, and {byte_text(free)} are free here"
        )
        raise HelixError([Diagnostic("HX1103", message, legal=("--shrink",))])


def _free_bytes() -> int | None:
    """The memory that is free, None where nobody tells."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None
