"""What the report says of memory is what an execution of the tasks holds, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from oracle_programs import causal, program
from test_device import nested_programs
from test_interp_tasks import PADDED, small
from test_programs import compiled_or_refused, drawn_from
from test_verify import LOCAL, SEQUENCE, TWO_LEVEL

from helixc.analysis.buffers import find_occupancy
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.analysis.schedule import find_schedule
from helixc.compiler import Compilation, compile_text
from helixc.interp.allocator import run_counting
from helixc.interp.limits import excess
from helixc.ir.spmd import Spmd
from helixc.passes.localize import localize

MOST_TASKS = 20_000


def compare(compiled: Compilation) -> bool:
    """Whether the small instance could be run; its memory must then be that of the report."""
    spmd, supply = small(compiled)
    if excess([spmd]):
        return False
    usage = run_counting(localize(spmd), supply)
    memory = find_memory(spmd, find_layers(spmd))

    assert set(usage.peak) == {memory.peak_bytes}
    assert set(usage.kept) == {memory.kept_bytes}
    assert max((filled.bytes for filled in memory.curve), default=0) == memory.peak_bytes
    return True


@pytest.mark.parametrize(
    "text",
    [program(TWO_LEVEL), program(SEQUENCE), program(LOCAL), causal("mesh cp = 8\n shard seq, key over cp"), PADDED],
)  # fmt: skip
def test_the_peak_is_the_one_that_the_tasks_reach(text: str) -> None:
    assert compare(compile_text(text))


@settings(max_examples=60)
@given(nested_programs(most_trips=12, most_carried=3))
def test_values_that_are_carried_on_for_many_turns_live_as_long_as_they_are_read(
    program: Spmd,
) -> None:
    """Shifts, swaps and values that no turn changes, in repeats of which not every turn is walked."""
    tasks = localize(program)
    if tasks.tasks > MOST_TASKS:
        event("too large")
        return
    usage = run_counting(tasks, lambda op, _: np.zeros((4,) * len(op.type.dims)))
    occupancy = find_occupancy(program, find_schedule(program))
    assert occupancy.fullest is not None
    assert set(usage.peak) == {occupancy.fullest.bytes}
    assert sum(buffer.bytes for buffer in occupancy.alive) == occupancy.fullest.bytes


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_drawn_programs_hold_what_the_report_says(seed: int) -> None:
    compiled = compiled_or_refused(drawn_from(seed))
    if compiled is None:
        return
    event("run" if compare(compiled) else "too large")
