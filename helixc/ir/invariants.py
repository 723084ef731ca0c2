"""Every named fact about every level, in one place.

The facts of a level are checked in this order, the simple ones first.  Each check stands on its own: on
a program that breaks another fact it may stay silent, but it never fails.
"""

from __future__ import annotations

from collections.abc import Mapping

from helixc.ir.fact import AnyInvariant
from helixc.ir.invariants_layouts import (
    ATOM_ONCE,
    ATOMS_KNOWN,
    DIVISIBLE,
    LOOP_LAYOUTS,
    ONE_PARTIAL_KIND,
)
from helixc.ir.invariants_moves import LEGAL_STEPS, NO_DROPPED_PARTIAL, NO_RESHARD
from helixc.ir.invariants_places import LOGICAL_PLAN, LOGICAL_SCOPES, SPMD_PLAN, SPMD_SCOPES
from helixc.ir.invariants_slices import LOGICAL_SLICES, SPMD_SLICES
from helixc.ir.invariants_ssa import LOGICAL_OUTPUTS, LOGICAL_SSA, SPMD_OUTPUTS, SPMD_SSA
from helixc.ir.invariants_types import LOGICAL_TYPED, SPMD_TYPED
from helixc.ir.invariants_ways import LEGAL_OPERANDS
from helixc.ir.invariants_weights import WEIGHTS_KEPT
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd

LOGICAL_FACTS: tuple[AnyInvariant, ...] = (
    LOGICAL_SCOPES,
    LOGICAL_SSA,
    LOGICAL_OUTPUTS,
    LOGICAL_TYPED,
    LOGICAL_PLAN,
    LOGICAL_SLICES,
)

# What holds from partition on; `communicate` adds NO_RESHARD.
SPMD_FACTS: tuple[AnyInvariant, ...] = (
    SPMD_SCOPES,
    SPMD_SSA,
    SPMD_OUTPUTS,
    SPMD_TYPED,
    SPMD_PLAN,
    SPMD_SLICES,
    ATOMS_KNOWN,
    ATOM_ONCE,
    DIVISIBLE,
    ONE_PARTIAL_KIND,
    LEGAL_OPERANDS,
    LEGAL_STEPS,
    NO_DROPPED_PARTIAL,
    LOOP_LAYOUTS,
    WEIGHTS_KEPT,
)

COMMUNICATED_FACTS: tuple[AnyInvariant, ...] = (*SPMD_FACTS, NO_RESHARD)

# What is rechecked on a program of a level whose history is not known, such as one read from a dump.
FACTS: Mapping[type[object], tuple[AnyInvariant, ...]] = {
    Logical: LOGICAL_FACTS,
    Spmd: SPMD_FACTS,
}
