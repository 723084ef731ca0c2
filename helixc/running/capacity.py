"""Whether this machine has the memory for a run, before anything is started."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import prod
from pathlib import Path

from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.numbers_text import byte_text
from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.logical import Logical, Repeat, Statement
from helixc.ir.slices import slice_count
from helixc.running.case import Sized
from helixc.running.launch import processes_text

# What Python and PyTorch take in every process, and how much wider our floating numbers are than most.
_PROCESS_BYTES = 300 * 2**20
_WIDTHS = {"f64": 4, "f32": 2, "bf16": 1}
_MODEL_WIDTH = 8


def check_capacity(programs: Sized, dtype: str) -> None:
    """Raise ``HelixError`` if a run takes more memory than there is."""
    program, free = programs.program, _free_bytes()
    processes = program.mesh.devices
    memory = find_memory(program, find_layers(program))
    held = memory.kept_bytes + memory.peak_bytes
    needed = processes * (_PROCESS_BYTES + _WIDTHS[dtype] * held)
    # The models run here as well, one after the other.
    needed += max(map(_run_bytes, (programs.model, programs.rewritten)))
    if free is not None and needed > free:
        message = (
            f"{processes_text(processes)} and the model beside take about {byte_text(needed)}, "
            f"and {byte_text(free)} are free here"
        )
        raise HelixError([Diagnostic("HX1103", message, legal=("--shrink",))])


def _run_bytes(model: Logical) -> int:
    """Bytes of all values of a model in all turns: a run keeps each, in f64."""
    values = sum(_values(model, model.body))
    return _MODEL_WIDTH * values * slice_count(model)


def _values(model: Logical, body: Iterable[Statement]) -> Iterator[int]:
    for statement in body:
        if isinstance(statement, Repeat):
            yield statement.trips * sum(_values(model, statement.body))
        else:
            yield prod(model.sizes[dim] for dim in statement.type.dims)


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
