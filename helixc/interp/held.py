"""What one version of a program holds for each value of the model: its blocks put together again.

A value may exist in several layouts: as its operator left it, and as moves have copied it.  All copies
are found by following moves back to the operator, and compared with what the operator left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs
import numpy as np

from helixc.interp.blocks import assemble, distance
from helixc.interp.domain import Domain
from helixc.interp.logical import Moment, Trace
from helixc.interp.rounding import TINY, UNIT
from helixc.interp.site import Array, Dims
from helixc.ir.logical import Logical
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement
from helixc.ir.tensor import Dim

# The value that one is a copy of, and in how many loops that one is made.
Origin = tuple[str, int]


@attrs.frozen(eq=False)
class Held:
    """One value of one turn: whole, with one lane, axes in the order of ``dims``.

    ``spread`` is how far copies of it are off, element by element, and ``allowed`` how far rounding
    lets them be; ``disagreement`` is the largest difference between replicas of any copy.
    """

    dims: Dims
    value: Array
    spread: Array | float = 0.0
    allowed: Array | float = 0.0
    disagreement: float = 0.0

    def ordered(self, dims: Dims) -> Array:
        """The value without its lane, axes in this order."""
        return self.value[0].transpose([self.dims.index(dim) for dim in dims])


def held_by_model(program: Logical, trace: Trace) -> dict[Moment, Held]:
    """Every value of a version that is not partitioned."""
    types = program.types
    return {moment: Held(types[moment[0]].dims, a) for moment, a in trace.values.items()}


def held_by_gpus(program: Spmd, trace: Trace, domain: Domain) -> dict[Moment, Held]:
    """Every value of a partitioned program, copies gathered under the value that they are copies of."""
    makers = _makers(program.body, 0)
    held: dict[Moment, Held] = {}
    for (name, turns), blocks in trace.values.items():
        origin, depth = makers[name]
        dims, layout = program.types[name].dims, program.layouts[name]
        whole = assemble(blocks, dims, layout, program.mesh)
        value = domain.settle(whole.value)[None]
        moment = (origin, turns[:depth])
        if moment not in held:
            allowed = _combining(program, name, blocks)
            held[moment] = Held(dims, value, 0.0, allowed, whole.disagreement)
        else:
            held[moment] = _with_copy(held[moment], dims, value, whole.disagreement)
    return held


def _makers(
    body: tuple[SpmdStatement, ...], depth: int, known: dict[str, Origin] | None = None
) -> dict[str, Origin]:
    """For each value, the value that it is a copy of, and in how many loops that one is made."""
    found = {} if known is None else known
    for statement in body:
        if isinstance(statement, Loop):
            for value in statement.carried:
                found[value.entry] = (value.entry, depth + 1)
            _makers(statement.body, depth + 1, found)
            for value in statement.carried:
                found[value.result] = (value.result, depth)
        elif isinstance(statement, Compute):
            found[statement.result] = (statement.result, depth)
        else:
            found[statement.result] = found[statement.source]
    return found


def _combining(program: Spmd, name: str, blocks: Array) -> Array | float:
    """How far sums of a value's terms in different orders may lie apart."""
    layout = program.layouts[name]
    if layout.kind != "sum":
        return 0.0
    dims = program.types[name].dims
    magnitude = assemble(np.abs(blocks), dims, layout, program.mesh).value
    return magnitude[None] * (2 * program.mesh.ways(layout.partial) * UNIT) + TINY


def _with_copy(held: Held, dims: Dims, value: Array, disagreement: float) -> Held:
    apart = distance(reordered(value, dims, held.dims), held.value)
    return attrs.evolve(
        held,
        spread=np.maximum(held.spread, apart) if apart.any() else held.spread,
        disagreement=max(held.disagreement, disagreement),
    )


def joined(parts: Sequence[Held], leaves: Collection[str]) -> Held:
    """A value out of what the slices of some dimensions hold of it, in order.

    A value without these dimensions is the same in every slice, like one on several GPUs.
    """
    first = parts[0]
    axes = [axis for axis, dim in enumerate(first.dims, 1) if dim in leaves]
    if not axes:
        apart = max(float(np.max(distance(part.value, first.value))) for part in parts)
        known = max(part.disagreement for part in parts)
        return attrs.evolve(first, disagreement=max(apart, known))

    def together(arrays: Sequence[Array | float]) -> Array | float:
        if not any(isinstance(array, np.ndarray) for array in arrays):
            return max(float(array) for array in arrays)
        shaped = [np.broadcast_to(a, p.value.shape) for a, p in zip(arrays, parts, strict=True)]
        return np.concatenate(shaped, axes[0])

    return attrs.evolve(
        first,
        value=np.asarray(together([part.value for part in parts])),
        spread=together([part.spread for part in parts]),
        allowed=together([part.allowed for part in parts]),
        disagreement=max(part.disagreement for part in parts),
    )


def without_padding(held: Held, real: Mapping[str, int]) -> Held:
    """What a value holds within the sizes that padded dimensions have in the model."""
    if real.keys().isdisjoint(held.dims):
        return held
    box = tuple(slice(real.get(dim)) for dim in held.dims)

    def cut(array: Array | float) -> Array | float:
        if not isinstance(array, np.ndarray) or not array.ndim:
            return array
        return np.broadcast_to(array, held.value.shape)[:, *box]

    return attrs.evolve(
        held,
        value=np.asarray(cut(held.value)),
        spread=cut(held.spread),
        allowed=cut(held.allowed),
    )


def reordered(array: Array, have: Dims, want: Dims) -> Array:
    """The same value with its axes, after that of lanes, in another order."""
    if have == want:
        return array
    return array.transpose(0, *(have.index(dim) + 1 for dim in want))


def as_in_model(held: Held, dims: Dims, divided: Mapping[str, Sequence[Dim]]) -> Held | None:
    """The value with the dimensions it has in the model, or None if it has others.

    ``divided`` says which of those dimensions this version writes as products.
    """
    if held.dims == dims:
        return held
    have = frozenset(held.dims)
    parts = [
        (dim,) if dim in have else tuple(part.name for part in divided.get(dim, ())) for dim in dims
    ]
    factors = tuple(name for names in parts for name in names)
    if frozenset(factors) != have or not all(parts):
        return None

    def converted(array: Array | float) -> Array | float:
        if not isinstance(array, np.ndarray) or not array.ndim:
            return array
        sizes = dict(zip(held.dims, array.shape[1:], strict=True))
        shape = [int(np.prod([sizes[name] for name in names])) for names in parts]
        return reordered(array, held.dims, factors).reshape(array.shape[0], *shape)

    return attrs.evolve(
        held,
        dims=dims,
        value=np.asarray(converted(held.value)),
        spread=converted(held.spread),
        allowed=converted(held.allowed),
    )
