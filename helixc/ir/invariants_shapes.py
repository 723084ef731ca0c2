"""The fact that blocks fit: on every GPU an operator's blocks agree, and a step changes a block as it must."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from helixc.diagnostics import Diagnostic
from helixc.ir.device import DeviceProgram
from helixc.ir.fact import Invariant
from helixc.ir.invariants_layouts import ATOMS_KNOWN, DIVISIBLE
from helixc.ir.invariants_moves import NO_RESHARD
from helixc.ir.invariants_ssa import SPMD_SSA
from helixc.ir.invariants_types import SPMD_TYPED
from helixc.ir.layout import AllGather, Permute, ReduceScatter, Slice
from helixc.ir.ops import Number
from helixc.ir.rules import factors
from helixc.ir.spmd import Compute, Move
from helixc.ir.tensor import NUMBER

Block = Mapping[str, int]

# Without these there are no blocks to speak of.
_BLOCKS_EXIST = (SPMD_SSA, SPMD_TYPED, ATOMS_KNOWN, DIVISIBLE, NO_RESHARD)


def _local_shapes(program: DeviceProgram) -> Iterator[Diagnostic]:
    if any(True for fact in _BLOCKS_EXIST for _ in fact.check(program.program)):
        return
    for template in program.templates:
        if isinstance(template.statement, Compute):
            yield from _check_compute(template.statement, program)
        else:
            yield from _check_move(template.statement, program)


def _check_compute(compute: Compute, program: DeviceProgram) -> Iterator[Diagnostic]:
    """The blocks of operands and result have one size along each factor of the operator."""
    op, types = compute.op, program.program.types
    operands = [NUMBER if isinstance(o, Number) else types[o] for o in op.operands]
    nothing: Block = {}
    blocks = [nothing if isinstance(o, Number) else program.sizes[o] for o in op.operands]
    for factor in factors(op.kind, operands, op.type, op.over, op.params):
        pairs = [*zip(factor.operands, blocks, strict=True)]
        pairs.append((factor.result, program.sizes[op.result]))
        found = sorted({block[dim] for dim, block in pairs if dim is not None})
        if len(found) > 1:
            sizes = ", ".join(str(size) for size in found)
            message = f"the blocks of %{op.result} differ along {factor.name}: {sizes}"
            yield Diagnostic("HX0665", message, op.span)


def _check_move(move: Move, program: DeviceProgram) -> Iterator[Diagnostic]:
    """A step makes a block larger or smaller by the number of GPUs that it joins or parts."""
    before, after = program.sizes[move.source], program.sizes[move.result]
    held, left = math.prod(before.values()), math.prod(after.values())
    ways = program.program.mesh.ways
    match move.step:
        case AllGather(_, atoms):
            fits = left == held * ways(atoms)
        case Slice(_, atoms) | ReduceScatter(_, atoms):
            fits = held == left * ways(atoms)
        case Permute():
            fits = dict(before) == dict(after)
        case _:
            fits = held == left
    if not fits:
        shown = f"{_show(before)} to {_show(after)}"
        message = f"the step to %{move.result} cannot lead from blocks of {shown}"
        yield Diagnostic("HX0665", message, move.why.line)


def _show(block: Block) -> str:
    return "[" + ", ".join(f"{dim} = {size}" for dim, size in block.items()) + "]"


LOCAL_SHAPES = Invariant("local-shapes", DeviceProgram, _local_shapes)
