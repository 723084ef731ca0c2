"""One step of a model on given numbers: inputs, weights and states in, outputs and new states out.

The model runs as it is written, on no GPU in particular, in float64.  It is what other implementations of a
model are compared with; ``interp.verify`` compares the partitioned programs with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np

from helixc.interp.logical import Turns, run_logical
from helixc.interp.site import Array
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS
from helixc.ir.scope_names import place_of
from helixc.ir.tensor import FLOATING

Arrays = Mapping[str, Array]
# The repeats around an operator with their trips, outermost first.
_Around = tuple[tuple[int, int], ...]


@attrs.frozen(eq=False)
class Tensor:
    """An array and what its axes are: the dimensions of the model, of a product its factors."""

    dims: tuple[str, ...]
    array: Array

    def ordered(self, *dims: str) -> Array:
        """The array with its axes in this order; ``dims`` names each of them."""
        return self.array.transpose([self.dims.index(dim) for dim in dims])


@attrs.frozen(eq=False)
class Step:
    """What a step gives: ``outputs`` by name, ``states`` as the next step takes them."""

    outputs: Mapping[str, Tensor]
    states: Arrays


def given_shapes(program: Logical) -> Mapping[str, tuple[int, ...]]:
    """What a step is given, by name, and its shape: inputs, weights and states.

    An input has its own name; what is declared in layers and repeats goes by the way there too, turns
    counted from 0: ``layer.0.mha.wq``.  The axes are in the order in which the model declares them.
    """
    return {name: _shape(op, program) for name, op, _ in declared(program)}


def run_step(program: Logical, arrays: Arrays, states: Arrays | None = None) -> Step:
    """Run a step of a model; ``arrays`` has its inputs and weights, ``states`` its states.

    Names and shapes are those of ``given_shapes``; a dimension that the model takes apart may be whole.  A
    state that is not given is zero everywhere.  Raises ``ValueError`` where a name or a shape is wrong.
    """
    given = {**arrays, **(states or {})}
    named = {(op.result, turns): (name, op) for name, op, turns in declared(program)}
    _check_names(program, given)
    sources = {moment: _array(name, op, given, program) for moment, (name, op) in named.items()}
    trace = run_logical(program, lambda op, turns: sources[op.result, turns])
    outputs = {
        output.name: Tensor(program.types[output.value].dims, trace.latest[output.value][0])
        for output in program.outputs
    }
    kept = {
        name: sources[op.result, turns]
        for name, op, turns in declared(program)
        if OPS[op.kind].kept == "state"
    }
    kept |= {name: trace.values[op.result, turns][0] for name, op, turns in renewed(program)}
    return Step(outputs, kept)


def _check_names(program: Logical, given: Arrays) -> None:
    known = {name: op for name, op, _ in declared(program)}
    missing = [n for n, op in known.items() if n not in given and OPS[op.kind].kept != "state"]
    unknown = [name for name in given if name not in known]
    for what, names in (("is not given", missing), ("is nothing that the model is given", unknown)):
        if names:
            raise ValueError(f"{', '.join(names)} {what}")


def _array(name: str, op: Op, given: Arrays, program: Logical) -> Array:
    """The array of a declared value, with an axis for each factor of its dimensions."""
    shape, dtype = _shape(op, program), _dtype(op)
    if name not in given:
        return np.zeros(shape, dtype)
    array = np.asarray(given[name])
    whole = int(np.prod(shape)) == array.size
    if not whole:
        raise ValueError(f"{name} is {array.shape}, and the model has {shape}")
    return array.astype(dtype).reshape(shape)


def _dtype(op: Op) -> type[np.generic]:
    if op.type.dtype == "bool":
        return np.bool_
    return np.float64 if op.type.dtype in FLOATING else np.int64


def _shape(op: Op, program: Logical) -> tuple[int, ...]:
    return tuple(program.sizes[dim] for dim in op.type.dims)


def renewed(program: Logical) -> Iterator[tuple[str, Op, Turns]]:
    """What takes the place of a state, in every turn: the state's name, its operator, the turns."""
    for name, op, turns in _named(program, program.body, ()):
        if OPS[op.kind].rests:
            yield name, op, turns


def declared(program: Logical) -> Iterator[tuple[str, Op, Turns]]:
    """What is given from outside, in every turn: its name, its operator, the turn of each repeat around."""
    for name, op, turns in _named(program, program.body, ()):
        row = OPS[op.kind]
        if row.kept or op.kind == "input":
            yield name, op, turns


def _named(
    program: Logical, body: tuple[Statement, ...], around: _Around
) -> Iterator[tuple[str, Op, Turns]]:
    for statement in body:
        if isinstance(statement, Repeat):
            inside = (*around, (statement.scope, statement.trips))
            yield from _named(program, statement.body, inside)
            continue
        for turns in np.ndindex(*(trips for _, trips in around)):
            pairs = zip(around, turns, strict=True)
            numbers = {scope: str(program.scopes[scope].first + turn) for (scope, _), turn in pairs}
            place = place_of(program.scopes, statement.home.scope, numbers)
            yield place + statement.home.name, statement, turns
