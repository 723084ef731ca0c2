"""A program with what was found out about its time and memory: what timelines and pages are made of."""

from __future__ import annotations

import attrs

from helixc.analysis.critical_path import CriticalPath
from helixc.analysis.layers import LayerMap
from helixc.analysis.memory import Memory
from helixc.analysis.report import Report
from helixc.analysis.schedule import Schedule, find_schedule
from helixc.ir.spmd import Spmd


@attrs.frozen(kw_only=True)
class TimedProgram:
    """One program for all GPUs, its schedule, and the parts of its report that speak of times and bytes."""

    program: Spmd
    schedule: Schedule
    layers: LayerMap
    path: CriticalPath
    memory: Memory


def timed_program(program: Spmd, report: Report) -> TimedProgram:
    """A program with its schedule beside its report."""
    return TimedProgram(
        program=program,
        schedule=find_schedule(program),
        layers=report.layer_map,
        path=report.critical_path,
        memory=report.memory,
    )
