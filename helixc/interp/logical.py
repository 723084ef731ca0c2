"""Runs a model as it is written: every value of every turn, on no GPU in particular."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs
import numpy as np

from helixc.interp.domain import REALS, Domain
from helixc.interp.site import Array, Site, align
from helixc.ir.logical import Logical, Op, Statement
from helixc.ir.ops import OPS
from helixc.ir.tensor import TensorType

# Which turn of each repeat around a statement, outermost first.
Turns = tuple[int, ...]
# A value of one turn, by name.
Moment = tuple[str, Turns]
Types = Mapping[str, TensorType]
# The array of a source (input or weight) in one turn, axes as in its type, without lanes.
Supply = Callable[[Op, Turns], Array]


@attrs.frozen
class Binding:
    """All at once, each first name takes on what the second stands for: a repeat's carried values."""

    pairs: tuple[tuple[str, str], ...]


def carried(array: Array, pair: tuple[str, str], types: Types) -> Array:
    """An array of the second value of a pair as one of the first, whose axes may come in other order."""
    name, source = pair
    return align(array, types[source].dims, types[name].dims)


class Trace:
    """Every value that a run produced, and the latest of each name."""

    def __init__(self) -> None:
        self.values: dict[Moment, Array] = {}
        self.latest: dict[str, Array] = {}

    def record(self, name: str, turns: Turns, array: Array) -> None:
        """Note what a name stands for in a turn, and from now on."""
        self.values[name, turns] = array
        self.latest[name] = array

    def bind(self, binding: Binding, turns: Turns, types: Types) -> None:
        """Carry values from one turn to the next, or out of a repeat."""
        arrays = [carried(self.latest[pair[1]], pair, types) for pair in binding.pairs]
        for (name, _), array in zip(binding.pairs, arrays, strict=True):
            self.record(name, turns, array)


def unrolled(
    body: tuple[Statement, ...], turns: Turns = ()
) -> Iterator[tuple[Turns, Op | Binding]]:
    """What happens when a body runs, in order: its operators and bindings, turn by turn."""
    for statement in body:
        if isinstance(statement, Op):
            yield turns, statement
            continue
        values = statement.carried
        sources = [value.init for value in values]
        for turn in range(statement.trips):
            inner = (*turns, turn)
            entries = [value.entry for value in values]
            yield inner, Binding(tuple(zip(entries, sources, strict=True)))
            yield from unrolled(statement.body, inner)
            sources = [value.yields for value in values]
        results = [value.result for value in values]
        yield turns, Binding(tuple(zip(results, sources, strict=True)))


def run_logical(program: Logical, supply: Supply, domain: Domain = REALS) -> Trace:
    """Every value of the model; arrays have one lane, then the axes of their type."""
    trace = Trace()
    with np.errstate(all="ignore"):
        for turns, event in unrolled(program.body):
            if isinstance(event, Binding):
                trace.bind(event, turns, program.types)
            else:
                array = run_op(program, event, turns, supply, domain, trace.latest)
                trace.record(event.result, turns, array)
    return trace


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
    operands = operands_of(op, domain, values)
    return domain.settle(domain.meanings[op.kind](site_of(program, op), operands))


def operands_of(op: Op, domain: Domain, values: dict[str, Array]) -> tuple[Array, ...]:
    """The arrays that an operator reads, numbers among them."""
    return tuple(values[o] if isinstance(o, str) else domain.number(o.value) for o in op.operands)


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
