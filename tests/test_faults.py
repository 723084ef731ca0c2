"""Faults put into compiled programs: what changes a result is caught, by the proof alone."""

from __future__ import annotations

import pytest
from oracle_programs import program
from spmd_faults import Fault, faults
from test_verify import LOCAL, SEQUENCE, TWO_LEVEL, versions

from helixc.compiler import compile_text
from helixc.interp.verify import verify
from helixc.ir.layout import AllReduce
from helixc.ir.spmd import Move, walk

SMALL = "dim batch = 4, seq = 32, embed = 32, head = 16, head_dim = 16, hidden = 64"


def changes_nothing(fault: Fault) -> bool:
    """A sum over several axes is the same in any order of them."""
    after = next(s for s in walk(fault.program.body) if getattr(s, "result", None) == fault.value)
    reordered = fault.kind == "reorder the axes of a step"
    return reordered and isinstance(after, Move) and isinstance(after.step, AllReduce)


FUSED = SEQUENCE + "fuse attend"


@pytest.mark.parametrize("plan", [TWO_LEVEL, TWO_LEVEL + "strict", SEQUENCE, LOCAL, FUSED])
def test_every_fault_that_changes_a_result_is_caught(plan: str) -> None:
    compiled = compile_text(program(plan, sizes=SMALL))
    stages = versions(compiled)[:-1]
    survivors = [
        (fault.kind, fault.value)
        for fault in faults(compiled.spmd)
        if not changes_nothing(fault)
        and verify(compiled.logical, [*stages, ("faulty", fault.program)]).verdict != "differs"
    ]

    assert survivors == []
