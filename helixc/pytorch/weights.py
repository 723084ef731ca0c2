"""What a program is given from outside: the names, whole shapes and splits of its weights and inputs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import sqrt

import attrs

from helixc.ir.ops import OPS, Kept, Op
from helixc.ir.scope_names import place_of
from helixc.ir.slices import whole_dims
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement, kept_as, walk
from helixc.ir.tensor import real_sizes


@attrs.frozen
class Source:
    """One tensor: its whole shape, the axes over which each dimension lies, and how far random ones spread.

    ``real``: the shape in the model, which is smaller where a dimension is padded.
    ``sliced``: the axis along which it comes in slices, -1 if it comes at once.  ``op`` and ``turns``:
    the operator behind it, and the turn of each repeat around that, counted from 0.
    """

    name: str
    shape: tuple[int, ...]
    real: tuple[int, ...]
    split: tuple[tuple[str, ...], ...]
    dtype: str
    scale: float
    sliced: int
    op: Op
    turns: tuple[int, ...] = ()


def is_weight(compute: Compute) -> bool:
    """Whether this is something that is kept from step to step."""
    return bool(kept_as(compute))


def inputs_of(program: Spmd) -> tuple[Source, ...]:
    """What arrives in every step."""
    found = (s for s in walk(program.body) if isinstance(s, Compute) and s.op.kind == "input")
    return tuple(_source(program, compute, input_name(compute), 1.0, ()) for compute in found)


def input_name(compute: Compute) -> str:
    """What an input is called in the model."""
    return compute.op.home.name or compute.result


def weights_of(program: Spmd) -> tuple[Source, ...]:
    """Every weight of every turn."""
    return _kept_of(program, "weight")


def states_of(program: Spmd) -> tuple[Source, ...]:
    """The same for states."""
    return _kept_of(program, "state")


def resting_of(program: Spmd) -> tuple[Source, ...]:
    """Weights and states: what is there before a step."""
    return (*weights_of(program), *states_of(program))


def _kept_of(program: Spmd, kept: Kept) -> tuple[Source, ...]:
    scales = _scales(program)
    return tuple(
        _source(program, compute, name, scales.get(compute.result, 1.0), turns)
        for compute, name, turns in _weights(program, program.body, ())
        if kept_as(compute) == kept
    )


def _weights(
    program: Spmd, body: tuple[SpmdStatement, ...], loops: tuple[Loop, ...]
) -> Iterator[tuple[Compute, str, tuple[int, ...]]]:
    for statement in body:
        if isinstance(statement, Loop):
            yield from _weights(program, statement.body, (*loops, statement))
        elif isinstance(statement, Compute) and is_weight(statement):
            for turns in product(*(range(loop.trips) for loop in loops)):
                pairs = zip(loops, turns, strict=True)
                numbers = {x.scope: str(program.scopes[x.scope].first + t) for x, t in pairs}
                prefix = place_of(program.scopes, statement.scope, numbers)
                yield statement, prefix + statement.op.home.name, turns


def _source(
    program: Spmd, compute: Compute, name: str, scale: float, turns: tuple[int, ...]
) -> Source:
    sizes, real = (
        {dim.name: dim.size for dim in whole_dims(program)},
        dict(real_sizes(program.dims)),
    )
    for leaf in () if program.slices is None else program.slices.leaves:
        real.pop(leaf, None)
    dims = compute.type.dims
    return Source(
        name=name,
        shape=tuple(sizes[dim] for dim in dims),
        real=tuple(real.get(dim, sizes[dim]) for dim in dims),
        split=tuple(compute.layout.atoms_of(dim) for dim in dims),
        dtype=compute.type.dtype,
        scale=scale,
        sliced=sliced_axis(program, dims),
        op=compute.op,
        turns=turns,
    )


def sliced_axis(program: Spmd, dims: tuple[str, ...]) -> int:
    """The axis along which a value comes in the slices of a step; -1 if it comes at once."""
    leaves = () if program.slices is None else program.slices.leaves
    return next((axis for axis, dim in enumerate(dims) if dim in leaves), -1)


def _scales(program: Spmd) -> dict[str, float]:
    """For each weight of a contraction what keeps random results as large as the inputs."""
    origin: dict[str, str] = {}
    found: dict[str, float] = {}
    for statement in walk(program.body):
        if isinstance(statement, Loop):
            continue
        if not isinstance(statement, Compute):
            origin[statement.result] = origin.get(statement.source, statement.source)
        elif OPS[statement.op.kind].work == "matmul":
            length = 1
            for dim in statement.op.over:
                length *= program.sizes[dim]
            for value in statement.op.reads:
                found.setdefault(origin.get(value, value), 1 / sqrt(length))
    return found
