"""In which order the elements of a weight are to be stored so that plain slices are what GPUs hold.

A dimension may be a product of factors, ``head_dim = half * pair``.  Where an inner one is split, a GPU holds a
comb of the dimension: both halves of some pairs.  Stored block after block, the same elements are one
slice, so nothing but the order in a file changes; whoever loads a checkpoint needs to know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod

import attrs

from helixc.analysis.collectives import axis_names
from helixc.ir.layout import Layout
from helixc.ir.logical import NamedDim, Op, Scope, ancestors
from helixc.ir.mesh import Mesh
from helixc.ir.spmd import Compute, Spmd, kept_as, walk


@attrs.frozen(kw_only=True)
class StoredFactor:
    """A factor of a dimension and into how many blocks it is split."""

    name: str
    size: int
    blocks: int


@attrs.frozen(kw_only=True)
class StoredOrder:
    """One dimension of some weights, outermost factor first; ``axes``: the mesh axes of a plain slice."""

    weights: tuple[str, ...]
    dimension: str
    factors: tuple[StoredFactor, ...]
    axes: tuple[str, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """For each place in the stored dimension the place in the dimension as the model has it."""
        blocks = product(*(range(factor.blocks) for factor in self.factors))
        return tuple(place for block in blocks for place in self._block(block))

    def _block(self, block: tuple[int, ...]) -> Iterator[int]:
        """The places of one GPU's elements, in the order of the model."""
        lengths = [factor.size // factor.blocks for factor in self.factors]
        for inside in product(*map(range, lengths)):
            place = 0
            for factor, length, at, within in zip(
                self.factors, lengths, block, inside, strict=True
            ):
                place = place * factor.size + at * length + within
            yield place

    @property
    def is_plain(self) -> bool:
        """Whether this is the order of the model: nothing outside of what is split has two elements."""
        inner = False
        for factor in self.factors:
            if inner and factor.blocks > 1:
                return False
            inner = inner or factor.size > factor.blocks
        return True


def stored_orders(program: Spmd) -> tuple[StoredOrder, ...]:
    """The dimensions of weights that are stored in another order than the model has them."""
    found: dict[tuple[object, ...], StoredOrder] = {}
    for statement in walk(program.body):
        if not isinstance(statement, Compute) or kept_as(statement) != "weight":
            continue
        for order in _orders(statement.op, statement.layout, program):
            key = (order.dimension, order.factors, order.axes)
            before = found[key].weights if key in found else ()
            found[key] = attrs.evolve(order, weights=(*before, *order.weights))
    return tuple(found.values())


def _orders(op: Op, layout: Layout, program: Spmd) -> Iterator[StoredOrder]:
    for dim in _products(op, program.scopes):
        order = StoredOrder(
            weights=(),
            dimension=dim.name,
            factors=tuple(_factor(leaf, layout, program) for leaf in dim.leaves),
            axes=_axes(dim, layout, program.mesh),
        )
        if not order.is_plain:
            yield attrs.evolve(order, weights=(_path(op, program.scopes),))


def _products(op: Op, scopes: tuple[Scope, ...]) -> Iterator[NamedDim]:
    """The products among a weight's dimensions, as they are called where it is declared."""
    taken: set[str] = set()
    for scope in ancestors(scopes, op.scope):
        for dim in scopes[scope].dims:
            leaves = set(dim.leaves)
            if len(leaves) > 1 and leaves <= set(op.type.dims) and not leaves & taken:
                taken |= leaves
                yield dim


def _factor(leaf: str, layout: Layout, program: Spmd) -> StoredFactor:
    blocks = program.mesh.ways(layout.atoms_of(leaf))
    return StoredFactor(name=leaf, size=program.sizes[leaf], blocks=blocks)


def _axes(dim: NamedDim, layout: Layout, mesh: Mesh) -> tuple[str, ...]:
    atoms = tuple(atom for leaf in dim.leaves for atom in layout.atoms_of(leaf))
    return axis_names(atoms, mesh)


def _path(op: Op, scopes: tuple[Scope, ...]) -> str:
    """Where a plan finds a weight: ``layer.mha.wq``, with turns and calls where there are several."""
    around = [scopes[scope] for scope in ancestors(scopes, op.scope) if scopes[scope].parent >= 0]
    steps = [_step(scope, scopes) for scope in reversed(around)]
    return ".".join((*steps, op.home.name))


def _step(scope: Scope, scopes: tuple[Scope, ...]) -> str:
    alike = [s for s in scopes if (s.parent, s.name) == (scope.parent, scope.name)]
    if len(alike) == 1:
        return scope.name
    if scope.kind == "repeat":
        return f"{scope.name}[{scope.first}..{scope.first + scope.turns - 1}]"
    return f"{scope.name}[{scope.call}]"


def order_text(order: StoredOrder) -> str:
    """The order block by block, as ranges: ``0-15, 64-79; 16-31, 80-95``."""
    count = prod(factor.blocks for factor in order.factors)
    places = order.order
    length = len(places) // count
    blocks = [places[at : at + length] for at in range(0, len(places), length)]
    return "; ".join(", ".join(_ranges(block)) for block in blocks)


def _ranges(places: tuple[int, ...]) -> Iterator[str]:
    first = last = places[0]
    for place in (*places[1:], -1):
        if place == last + 1:
            last = place
            continue
        yield str(first) if first == last else f"{first}-{last}"
        first = last = place
