"""The model's own run, with what rounding can do to each of its values.

``own`` bounds the rounding of the operator itself on the operands as computed; ``total`` bounds how
far the value may be from exact arithmetic throughout.
"""

from __future__ import annotations

import attrs
import numpy as np

from helixc.interp.domain import REALS, Domain
from helixc.interp.logical import (
    Binding,
    Moment,
    Supply,
    Trace,
    Turns,
    Types,
    carried,
    operands_of,
    run_op,
    site_of,
    unrolled,
)
from helixc.interp.propagation import PROPAGATIONS
from helixc.interp.rounding import ROUNDINGS
from helixc.interp.site import Array
from helixc.ir.logical import Logical, Op


@attrs.frozen(eq=False)
class Reference:
    """A model, its values and their bounds; arrays have one lane.  In a field all bounds are 0."""

    program: Logical
    domain: Domain
    trace: Trace
    own: dict[Moment, Array | float]
    total: dict[Moment, Array | float]


def run_reference(program: Logical, supply: Supply, domain: Domain = REALS) -> Reference:
    """Run the model and bound the rounding of every value."""
    run = Reference(program, domain, Trace(), {}, {})
    errors: dict[str, Array | float] = {}
    with np.errstate(all="ignore"):
        for turns, event in unrolled(program.body):
            if isinstance(event, Binding):
                _bind(run, event, turns, errors)
                continue
            result = run_op(program, event, turns, supply, domain, run.trace.latest)
            own = own_rounding(program, event, domain, run.trace.latest, result)
            errors[event.result] = own + spread_errors(run, event, errors, result)
            run.trace.record(event.result, turns, result)
            run.own[event.result, turns] = own
            run.total[event.result, turns] = errors[event.result]
    return run


def _bind(run: Reference, binding: Binding, turns: Turns, errors: dict[str, Array | float]) -> None:
    run.trace.bind(binding, turns, run.program.types)
    known = [(pair, errors[pair[1]]) for pair in binding.pairs]
    for pair, error in known:
        errors[pair[0]] = carried_error(error, pair, run.program.types)
        run.own[pair[0], turns] = 0.0
        run.total[pair[0], turns] = errors[pair[0]]


def carried_error(error: Array | float, pair: tuple[str, str], types: Types) -> Array | float:
    """A bound for the second value of a pair as one for the first."""
    return carried(error, pair, types) if isinstance(error, np.ndarray) else error


def own_rounding(
    program: Logical, op: Op, domain: Domain, values: dict[str, Array], result: Array
) -> Array | float:
    """What one operator may lose on operands as they are."""
    if domain is not REALS:
        return 0.0
    return ROUNDINGS[op.kind](site_of(program, op), operands_of(op, domain, values), result)


def spread_errors(
    run: Reference, op: Op, errors: dict[str, Array | float], result: Array
) -> Array | float:
    """How far the result moves when values are off by ``errors``; a missing one is exact."""
    if not any(_matters(errors.get(name, 0.0)) for name in op.reads):
        return 0.0
    operands = operands_of(op, run.domain, run.trace.latest)
    spreads = tuple(
        np.broadcast_to(errors.get(o, 0.0), array.shape) if isinstance(o, str) else np.zeros(1)
        for o, array in zip(op.operands, operands, strict=True)
    )
    return PROPAGATIONS[op.kind](site_of(run.program, op), operands, spreads, result)


def _matters(error: Array | float) -> bool:
    return isinstance(error, np.ndarray) or error != 0.0
