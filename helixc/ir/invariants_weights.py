"""The fact that weights and states stay as they are kept: they are gathered over the axes of ``store`` lines alone.

Or the program says that it had to gather one unasked (HX0601).
"""

from __future__ import annotations

from collections.abc import Iterator

from helixc.diagnostics import Diagnostic
from helixc.ir.fact import Invariant
from helixc.ir.layout import AllGather
from helixc.ir.logical import Op, ancestors
from helixc.ir.ops import OPS
from helixc.ir.plan import Block, Store
from helixc.ir.spmd import Move, Reshard, Spmd, walk

_UNASKED = "HX0601"


def _weights_kept(program: Spmd) -> Iterator[Diagnostic]:
    if any(note.code == _UNASKED for note in program.notes):
        return
    for statement in walk(program.body):
        if isinstance(statement, Move | Reshard) and statement.source in program.guarded:
            yield from _check(statement, program.guarded[statement.source], program)


def _check(statement: Move | Reshard, weight: Op, program: Spmd) -> Iterator[Diagnostic]:
    if isinstance(statement, Reshard):
        gathered = statement.freely
    else:
        gathered = statement.step.atoms if isinstance(statement.step, AllGather) else ()
    asked = _stored_over(weight, program) if gathered else frozenset[str]()
    unasked = [atom for atom in gathered if atom not in asked]
    if unasked:
        message = f"{OPS[weight.kind].kept} %{weight.result} is gathered over {', '.join(unasked)}, and no line asks"
        yield Diagnostic("HX0659", message, statement.why.line, legal=tuple(sorted(asked)))


def _stored_over(weight: Op, program: Spmd) -> frozenset[str]:
    """The atoms of the ``store`` lines that cover a weight."""
    blocks = (b for b in program.plan.blocks if _covers(b, weight, program))
    lines = [line for block in blocks for line in block.lines if isinstance(line, Store)]
    axes = {axis for line in lines for axis in line.axes}
    return frozenset(atom.name for atom in program.mesh.atoms if atom.axis in axes)


def _covers(block: Block, weight: Op, program: Spmd) -> bool:
    around = set(ancestors(program.scopes, weight.home.scope))
    return any(p in weight.names if p.name else p.scope in around for p in block.places)


WEIGHTS_KEPT = Invariant("weights-kept", Spmd, _weights_kept)
