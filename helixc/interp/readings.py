"""What is read off a version of a program at either level: operators, repeats, layouts, meshes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helixc.ir import logical, spmd
from helixc.ir.layout import Layout
from helixc.ir.logical import Logical, Op, Repeat
from helixc.ir.mesh import Mesh
from helixc.ir.ops import Fused
from helixc.ir.spmd import Compute, Loop, Spmd

AnyProgram = Logical | Spmd


def operators(program: AnyProgram) -> Iterator[Op]:
    """Every operator of a version, inside loops too; of a kernel its members."""
    if isinstance(program, Logical):
        found = (s for s in logical.walk(program.body) if isinstance(s, Op))
    else:
        found = (s.op for s in spmd.walk(program.body) if isinstance(s, Compute))
    for op in found:
        yield from op.params.body if isinstance(op.params, Fused) else (op,)


def repeats(program: AnyProgram) -> Iterator[Repeat | Loop]:
    """Every repeat of a version."""
    if isinstance(program, Logical):
        yield from (s for s in logical.walk(program.body) if isinstance(s, Repeat))
    else:
        yield from (s for s in spmd.walk(program.body) if isinstance(s, Loop))


def layouts_of(program: AnyProgram) -> Iterator[Layout]:
    """The layout of every value of a version; one without GPUs has none."""
    if isinstance(program, Spmd):
        yield from program.layouts.values()


def meshes(programs: Sequence[AnyProgram]) -> Iterator[Mesh]:
    """The meshes of the versions that have GPUs."""
    yield from (program.mesh for program in programs if isinstance(program, Spmd))
