"""What moves on from one step to the next: where states are filled, and the numbers that say so.

A model says as a number where the entries of a step begin (``at = past``).  The program is that of one step;
in those before and after it some numbers are other ones, by so much for each place.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from helixc.ir.logical import Logical, Repeat, Statement
from helixc.ir.logical import walk as walk_model
from helixc.ir.ops import OPS, Cut, Fused, Number, Op
from helixc.ir.ring_pattern import original
from helixc.ir.spmd import Compute, Spmd, walk
from helixc.ir.tensor import Sizes

# For the result of an operator, by position among its operands: how much a number grows with each place.
Growths = Mapping[str, Mapping[int, int]]


@attrs.frozen
class Advance:
    """``numbers``: those that grow with the place; ``starts``: the operators that fill from there on."""

    numbers: Growths
    starts: frozenset[str]

    def of(self, op: Op) -> Mapping[int, int]:
        """The growth of the numbers among an operator's operands."""
        return self.numbers.get(original(op.result), {})

    def starts_at(self, op: Op) -> bool:
        """Whether an operator fills from the place on."""
        return original(op.result) in self.starts

    def places(self, program: Spmd | Logical) -> int:
        """By how many places a step goes on; 0 where nothing moves."""
        found = walk(program.body) if isinstance(program, Spmd) else walk_model(program.body)
        ops = (s.op if isinstance(s, Compute) else s for s in found)
        entries = {
            _entries(op, program.sizes) for op in ops if isinstance(op, Op) and self.starts_at(op)
        }
        return max(entries, default=0)


STILL = Advance({}, frozenset())


def _entries(op: Op, sizes: Sizes) -> int:
    count = 1
    if isinstance(op.params, Cut):
        for dim in op.params.dims:
            count *= sizes[dim]
    return count


def steps_before(program: Logical, advance: Advance) -> int:
    """How many steps fill places before those of the step that is written."""
    found = [s.params.start for s in fills(program) if isinstance(s.params, Cut)]
    places = advance.places(program)
    return min(found, default=0) // places if places else 0


def fills(program: Logical) -> list[Op]:
    """The operators that put entries into states."""
    found = (s for s in walk_model(program.body) if isinstance(s, Op))
    return [op for op in found if OPS[op.kind].fills]


def moved(program: Logical, advance: Advance, places: int) -> Logical:
    """The program of a step that is some places ahead of the one that is written."""
    if not places:
        return program
    body = tuple(_moved(statement, advance, places) for statement in program.body)
    return attrs.evolve(program, body=body)


def _moved(statement: Statement, advance: Advance, places: int) -> Statement:
    if isinstance(statement, Repeat):
        body = tuple(_moved(inner, advance, places) for inner in statement.body)
        return attrs.evolve(statement, body=body)
    return _moved_op(statement, advance, places)


def _moved_op(op: Op, advance: Advance, places: int) -> Op:
    growths = advance.of(op)
    operands = tuple(
        attrs.evolve(o, value=o.value + growths[i] * places)
        if isinstance(o, Number) and not o.dims and i in growths
        else o
        for i, o in enumerate(op.operands)
    )
    params = op.params
    if isinstance(params, Cut) and advance.starts_at(op):
        params = attrs.evolve(params, start=params.start + places)
    elif isinstance(params, Fused):
        members = tuple(_moved_op(member, advance, places) for member in params.body)
        params = attrs.evolve(params, body=members)
    return attrs.evolve(op, operands=operands, params=params)
