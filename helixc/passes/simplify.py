"""spmd -> spmd: fewer moves with the same effect.

A reduce-scatter and the gather that undoes its scattering are one all-reduce; a move that nobody reads
is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.ir.invariants import COMMUNICATED_FACTS
from helixc.ir.layout import AllGather, AllReduce, ReduceScatter
from helixc.ir.spmd import Compute, Loop, Move, Reshard, Spmd, SpmdStatement, walk
from helixc.passes.contract import Pass


def simplify(program: Spmd) -> Spmd:
    """The program with fewer moves and the same meaning; a second run changes nothing."""
    uses = _uses(program)
    body = _simplify_body(program.body, uses)
    return attrs.evolve(program, body=_drop_unread(body, _uses(attrs.evolve(program, body=body))))


def _uses(program: Spmd) -> dict[str, int]:
    """How often each value is read."""
    uses: dict[str, int] = {}
    for output in program.outputs:
        uses[output.value] = uses.get(output.value, 0) + 1
    for statement in walk(program.body):
        for value in _reads(statement):
            uses[value] = uses.get(value, 0) + 1
    return uses


def _reads(statement: SpmdStatement) -> tuple[str, ...]:
    match statement:
        case Compute():
            return statement.op.reads
        case Move() | Reshard():
            return (statement.source,)
        case Loop():
            return tuple(value for c in statement.carried for value in (c.init, c.yields))


def _simplify_body(
    body: tuple[SpmdStatement, ...], uses: Mapping[str, int]
) -> tuple[SpmdStatement, ...]:
    written: list[SpmdStatement] = []
    moves: dict[str, Move] = {}
    for statement in body:
        if isinstance(statement, Loop):
            inner = _simplify_body(statement.body, uses)
            written.append(attrs.evolve(statement, body=inner))
        elif isinstance(statement, Move):
            first = moves.get(statement.source)
            joins = first is not None and uses[first.result] == 1 and _undoes(first, statement)
            if first is not None and joins:
                written.remove(first)
            move = _joined(first, statement) if first is not None and joins else statement
            moves[move.result] = move
            written.append(move)
        else:
            written.append(statement)
    return tuple(written)


def _undoes(first: Move, second: Move) -> bool:
    return (
        isinstance(first.step, ReduceScatter)
        and isinstance(second.step, AllGather)
        and first.step.dim == second.step.dim
        and first.step.atoms == second.step.atoms
    )


def _joined(first: Move, second: Move) -> Move:
    step = first.step
    atoms = step.atoms if isinstance(step, ReduceScatter) else ()
    return attrs.evolve(
        second,
        source=first.source,
        step=AllReduce(atoms),
        picoseconds=first.picoseconds + second.picoseconds,
        algorithm=first.algorithm,
    )


def _drop_unread(
    body: tuple[SpmdStatement, ...], uses: Mapping[str, int]
) -> tuple[SpmdStatement, ...]:
    kept: list[SpmdStatement] = []
    for statement in body:
        if isinstance(statement, Loop):
            kept.append(attrs.evolve(statement, body=_drop_unread(statement.body, uses)))
        elif not isinstance(statement, Move) or uses.get(statement.result):
            kept.append(statement)
    return tuple(kept)


SIMPLIFY = Pass(
    name="simplify",
    run=simplify,
    source=Spmd,
    target=Spmd,
    needs=frozenset(COMMUNICATED_FACTS),
)
