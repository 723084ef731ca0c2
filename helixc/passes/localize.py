"""localize: one program for all GPUs becomes tasks per GPU.

Every statement becomes one task per GPU and turn, or, if it is a collective, one per group and turn.
"""

from __future__ import annotations

from helixc.ir.device import DeviceProgram
from helixc.ir.expansion import expand
from helixc.ir.invariants import COMMUNICATED_FACTS
from helixc.ir.invariants_device import LOCALIZED_FACTS
from helixc.ir.spmd import Spmd
from helixc.passes.contract import Pass


def localize(program: Spmd) -> DeviceProgram:
    """The tasks of all GPUs and turns, not scheduled yet."""
    return expand(program)


LOCALIZE = Pass(
    name="localize",
    run=localize,
    source=Spmd,
    target=DeviceProgram,
    needs=frozenset(COMMUNICATED_FACTS),
    gives=frozenset(LOCALIZED_FACTS),
)
