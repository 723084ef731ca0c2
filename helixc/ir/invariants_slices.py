"""The fact that a program of one slice stands for all of them: what is sliced passes through everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helixc.diagnostics import Diagnostic
from helixc.ir import logical, spmd
from helixc.ir.fact import Invariant
from helixc.ir.invariants_types import check_op
from helixc.ir.logical import Logical, Op
from helixc.ir.slices import obstacles
from helixc.ir.spmd import Compute, Spmd


def _logical_slices(program: Logical) -> Iterator[Diagnostic]:
    ops = (s for s in logical.walk(program.body) if isinstance(s, Op))
    yield from _check_slices(program, ops)


def _spmd_slices(program: Spmd) -> Iterator[Diagnostic]:
    ops = (s.op for s in spmd.walk(program.body) if isinstance(s, Compute))
    yield from _check_slices(program, ops)


def _check_slices(program: Logical | Spmd, ops: Iterable[Op]) -> Iterator[Diagnostic]:
    made, types, sizes = program.slices, program.types, program.sizes
    if made is None:
        return
    if made.count < 1:
        yield Diagnostic("HX0356", f"the step runs in {made.count} slices", made.span)
    for leaf in made.leaves:
        if leaf not in sizes:
            yield Diagnostic("HX0356", f"there is no dimension {leaf} to slice", made.span)
    sound = (op for op in ops if types.keys() >= {*op.reads} and not [*check_op(op, types, sizes)])
    outputs = [output for output in program.outputs if output.value in types]
    for found in obstacles(sound, types, outputs, frozenset(made.leaves)):
        yield Diagnostic("HX0356", f"a slice of {made.dim} is not enough: {found.text}", found.span)


LOGICAL_SLICES = Invariant("slices-independent", Logical, _logical_slices)
SPMD_SLICES = Invariant("slices-independent", Spmd, _spmd_slices)
