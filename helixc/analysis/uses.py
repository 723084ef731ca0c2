"""What a statement of the SPMD program reads and gives; a repeat seen as one statement."""

from __future__ import annotations

from helixc.ir.ops import OPS
from helixc.ir.spmd import Compute, Loop, Move, Reshard, SpmdStatement


def reads_of(statement: SpmdStatement) -> tuple[str, ...]:
    """The values read; of a repeat what it starts from and what its body takes from outside."""
    match statement:
        case Compute():
            return statement.op.reads
        case Move() | Reshard():
            return (statement.source,)
        case Loop():
            starts = [value.init for value in statement.carried]
            return tuple(dict.fromkeys([*starts, *taken_from_outside(statement)]))


def taken_from_outside(loop: Loop) -> tuple[str, ...]:
    """What the body of a repeat reads or yields and neither makes nor carries."""
    own = {value.entry for value in loop.carried}
    reads: dict[str, None] = {}
    for statement in loop.body:
        reads.update(dict.fromkeys(reads_of(statement)))
        own.update(gives_of(statement))
    reads.update(dict.fromkeys(value.yields for value in loop.carried))
    return tuple(read for read in reads if read not in own)


def gives_of(statement: SpmdStatement) -> tuple[str, ...]:
    """The values that can be read after a statement."""
    if isinstance(statement, Loop):
        return tuple(value.result for value in statement.carried)
    return (statement.result,)


def is_view(statement: Compute | Move | Reshard) -> bool:
    """Whether the result is its operand by another name, in the same buffer."""
    if not isinstance(statement, Compute):
        return False
    return OPS[statement.op.kind].shows_operand
