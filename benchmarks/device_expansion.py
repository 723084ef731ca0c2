"""Expanding a program to the device level: a million tasks, on one core, at how many bytes each.

    python benchmarks/device_expansion.py [examples/helix_16.hx PLAN]

The program's loops are made longer until it has a million tasks.  CPU time, median of five.
"""

from __future__ import annotations

import statistics
import sys
import time

import attrs

import helixc
from helixc.emit.fold import count_tasks
from helixc.ir.device import EVERYTHING, DeviceProgram
from helixc.ir.spmd import Loop, Spmd
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule

TASKS = 1_000_000


def lengthened(program: Spmd) -> Spmd:
    """The program with so many turns that it has about ``TASKS`` tasks."""
    turns = max(s.trips for s in program.body if isinstance(s, Loop))
    per_turn = count_tasks(program, EVERYTHING) // turns
    body = tuple(
        attrs.evolve(s, trips=TASKS // per_turn) if isinstance(s, Loop) else s for s in program.body
    )
    return attrs.evolve(program, body=body)


def measure(program: Spmd) -> tuple[float, DeviceProgram]:
    """CPU seconds of one expansion with its schedule, and the result."""
    start = time.process_time()
    device = schedule(localize(program))
    return time.process_time() - start, device


def main() -> None:
    """Print the time, the number of tasks, and the bytes of each."""
    path = sys.argv[1] if len(sys.argv) > 1 else "examples/helix_16.hx"
    plan = sys.argv[2] if len(sys.argv) > 2 else "published"  # noqa: PLR2004 - two arguments
    program = lengthened(helixc.compile(path, plan=plan).spmd)
    runs = [measure(program) for _ in range(5)]
    device = runs[-1][1]
    print(f"{path}, plan {plan}, {program.mesh.devices} GPUs")
    print(f"tasks              {device.tasks}")
    print(f"edges              {device.edges}")
    print(f"CPU seconds        {statistics.median(seconds for seconds, _ in runs):.2f}")
    print(f"bytes per task     {device.nbytes / device.tasks:.1f}")


if __name__ == "__main__":
    main()
