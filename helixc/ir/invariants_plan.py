"""Facts about the plan: that the lines which rewrite a program have been carried out.

They hold the passes to their order: kernels are made of what an approximation has rewritten, and what no
kernel holds is expanded afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from helixc.diagnostics import Diagnostic
from helixc.ir.fact import Invariant
from helixc.ir.groups import Groups
from helixc.ir.logical import Logical, Op, walk
from helixc.ir.ops import Fused
from helixc.ir.plan import Fuse, Line, Local, Place, Shard


def _locals_made(program: Logical) -> Iterator[Diagnostic]:
    """Every ``local`` line over more than one GPU has left a record of what it did."""
    names = dict(_names(program))
    done = {place for a in program.approximations for place in names.get(a.value, ())}
    split = {axis.name for axis in program.plan.axes if axis.size > 1}
    for line in _lines(program):
        if isinstance(line, Local) and split & set(line.axes) and not done & set(line.places):
            yield Diagnostic("HX0357", f"`local {line.name}` is not carried out", line.span)


def _kernels_made(program: Logical) -> Iterator[Diagnostic]:
    """No ``fuse`` line speaks of several operators any more."""
    lines = [line for line in _lines(program) if isinstance(line, Fuse)]
    groups = Groups(program) if lines else None
    for line in lines:
        if groups is not None and any(len(group.ops) > 1 for group in groups.of_line(line)):
            yield Diagnostic("HX0357", f"`fuse {line.path}` is not carried out", line.span)


def _rings_made(program: Logical) -> Iterator[Diagnostic]:
    """No line sends anything round a ring any more."""
    for line in _lines(program):
        if isinstance(line, Shard) and line.via == "ring":
            yield Diagnostic("HX0357", "`via ring` is not carried out", line.span)


def _lines(program: Logical) -> Iterator[Line]:
    for block in program.plan.blocks:
        yield from block.lines


def _names(program: Logical) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """The names of every value, those inside kernels too."""
    for op in walk(program.body):
        if isinstance(op, Op):
            yield op.result, op.names
            for member in op.params.body if isinstance(op.params, Fused) else ():
                yield member.result, member.names


LOCALS_MADE = Invariant("locals-made", Logical, _locals_made)
RINGS_MADE = Invariant("rings-made", Logical, _rings_made)
KERNELS_MADE = Invariant("kernels-made", Logical, _kernels_made)
