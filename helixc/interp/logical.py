"""Runs a model as it is written: every value of every turn, on no GPU in particular."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helixc.interp.domain import REALS, Domain
from helixc.interp.site import Array, Site
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS

# Which turn of each repeat around a statement, outermost first.
Turns = tuple[int, ...]
# A value of one turn, by name.
Moment = tuple[str, Turns]
# The array of a source (input or weight) in one turn, axes as in its type, without lanes.
Supply = Callable[[Op, Turns], Array]


class Trace:
    """Every value that a run produced, and the latest of each name."""

    def __init__(self) -> None:
        self.values: dict[Moment, Array] = {}
        self.latest: dict[str, Array] = {}

    def record(self, name: str, turns: Turns, array: Array) -> None:
        """Note what a name stands for in a turn, and from now on."""
        self.values[name, turns] = array
        self.latest[name] = array


def run_logical(program: Logical, supply: Supply, domain: Domain = REALS) -> Trace:
    """Every value of the model; arrays have one lane, then the axes of their type."""
    trace = Trace()
    with np.errstate(all="ignore"):
        _run_body(program, program.body, (), supply, domain, trace)
    return trace


def _run_body(
    program: Logical,
    body: tuple[Statement, ...],
    turns: Turns,
    supply: Supply,
    domain: Domain,
    trace: Trace,
) -> None:
    for statement in body:
        if isinstance(statement, Op):
            array = run_op(program, statement, turns, supply, domain, trace.latest)
            trace.record(statement.result, turns, array)
        else:
            _run_repeat(program, statement, turns, supply, domain, trace)


def _run_repeat(
    program: Logical, repeat: Repeat, turns: Turns, supply: Supply, domain: Domain, trace: Trace
) -> None:
    state = [trace.latest[carried.init] for carried in repeat.carried]
    for turn in range(repeat.trips):
        inner = (*turns, turn)
        for carried, array in zip(repeat.carried, state, strict=True):
            trace.record(carried.entry, inner, array)
        _run_body(program, repeat.body, inner, supply, domain, trace)
        state = [trace.latest[carried.yields] for carried in repeat.carried]
    for carried, array in zip(repeat.carried, state, strict=True):
        trace.record(carried.result, turns, array)


def run_op(
    program: Logical,
    op: Op,
    turns: Turns,
    supply: Supply,
    domain: Domain,
    values: dict[str, Array],
) -> Array:
    """One operator of the model on whole values (one lane)."""
    if OPS[op.kind].work == "source":
        return supply(op, turns)[None]
    operands = tuple(
        values[o] if isinstance(o, str) else domain.number(o.value) for o in op.operands
    )
    return domain.settle(domain.meanings[op.kind](site_of(program, op), operands))


def site_of(program: Logical, op: Op) -> Site:
    """Where an operator of the model runs: on one lane that holds everything."""
    types = program.types
    return Site(
        operands=tuple(types[o].dims if isinstance(o, str) else () for o in op.operands),
        dims=op.type.dims,
        over=op.over,
        params=op.params,
        sizes=program.sizes,
        positions=lambda dim: np.arange(program.sizes[dim])[None],
    )
