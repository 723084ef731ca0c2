"""A partitioned program as DTensor carries it out: steps that follow each other are one change of placements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from helixc.analysis.uses import reads_of
from helixc.ir.layout import Permute, Seed
from helixc.ir.spmd import Compute, Loop, Move, Spmd, SpmdStatement, walk

# Of these DTensor makes a term of a sum out of a whole operand itself.
_SEED_THEMSELVES = ("add", "sub")


def joined_steps(program: Spmd) -> Spmd:
    """The program with each chain of steps as its last one, and no seed where the reader makes it itself."""
    readers = _readers(program)
    source: dict[str, str] = {}
    for statement in walk(program.body):
        if isinstance(statement, Move) and _is_left_out(statement, readers[statement.result]):
            source[statement.result] = source.get(statement.source, statement.source)
    return attrs.evolve(program, body=tuple(_without(program.body, source)))


def _readers(program: Spmd) -> Mapping[str, list[SpmdStatement | None]]:
    """For each value the statements that read it; None for an output and for what goes round."""
    found: dict[str, list[SpmdStatement | None]] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            for value in statement.carried:
                found.setdefault(value.init, []).append(None)
                found.setdefault(value.yields, []).append(None)
        else:
            for name in reads_of(statement):
                found.setdefault(name, []).append(statement)
            found.setdefault(statement.result, [])
    for output in program.outputs:
        found.setdefault(output.value, []).append(None)
    return found


def _is_left_out(move: Move, readers: list[SpmdStatement | None]) -> bool:
    if isinstance(move.step, Seed):
        return all(isinstance(r, Compute) and r.op.kind in _SEED_THEMSELVES for r in readers)
    if len(readers) != 1 or isinstance(move.step, Permute):
        return False
    (reader,) = readers
    return isinstance(reader, Move) and not isinstance(reader.step, Seed | Permute)


def _without(body: tuple[SpmdStatement, ...], source: Mapping[str, str]) -> Iterator[SpmdStatement]:
    """A body without the steps that ``source`` names, their readers reading what stands there."""
    for statement in body:
        match statement:
            case Loop():
                yield attrs.evolve(statement, body=tuple(_without(statement.body, source)))
            case Compute():
                operands = tuple(
                    source.get(o, o) if isinstance(o, str) else o for o in statement.op.operands
                )
                yield attrs.evolve(statement, op=attrs.evolve(statement.op, operands=operands))
            case Move() if statement.result in source:
                pass
            case _:
                where = source.get(statement.source, statement.source)
                yield attrs.evolve(statement, source=where)
