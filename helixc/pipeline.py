"""The passes from what was written to one program for all GPUs, in order.

The rest of the way, from there to tasks per GPU, is ``pipeline_device``: it needs NumPy, and most
compiles never go there.
"""

from __future__ import annotations

import attrs

from helixc.elaborate.choice import Choice
from helixc.elaborate.elaborate import elaborate
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.logical import Logical
from helixc.ir.source import Sources
from helixc.passes.approximate import APPROXIMATE
from helixc.passes.communicate import COMMUNICATE
from helixc.passes.contract import AnyPass, Pass
from helixc.passes.expand import EXPAND
from helixc.passes.fuse import FUSE
from helixc.passes.microbatch import MICROBATCH
from helixc.passes.pad import PAD
from helixc.passes.partition import PARTITION
from helixc.passes.simplify import SIMPLIFY
from helixc.trial import RING_OR_GATHER


def elaborate_pass(choice: Choice) -> Pass[Sources, Logical]:
    """The pass that makes one choice of model, plan and cluster concrete."""

    def run(sources: Sources) -> Logical:
        program, notes = elaborate(sources, choice)
        return attrs.evolve(program, notes=notes)

    run.__doc__ = elaborate.__doc__
    return Pass(name="elaborate", run=run, source=Sources, target=Logical, gives=LOGICAL_FACTS)


def to_logical(choice: Choice) -> tuple[AnyPass, ...]:
    """The passes before anything is partitioned, in order."""
    return (elaborate_pass(choice), MICROBATCH, PAD, APPROXIMATE, FUSE, RING_OR_GATHER, EXPAND)


def to_spmd(choice: Choice) -> tuple[AnyPass, ...]:
    """Every pass that compiling a choice takes, in order."""
    return (*to_logical(choice), PARTITION, COMMUNICATE, SIMPLIFY)
