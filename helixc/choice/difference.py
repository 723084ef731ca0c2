"""What is left of a reshard without what both ends hold alike.

Only the difference is searched.  Its dimensions go by number, so that equal layers, each with dimensions
of its own, share one search.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import prod

import attrs

from helixc.ir.layout import (
    WHOLE,
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
    make_layout,
    rename_layout,
)
from helixc.ir.mesh import Mesh
from helixc.ir.tensor import DTYPE_BITS, NUMBER, Share, Sizes, TensorType, expected

# The atoms over which a value may be gathered unasked; None: all, as of everything that is no weight.
Freely = tuple[str, ...] | None


def unasked(step: Step, freely: Freely) -> bool:
    """Whether a step gathers a value over atoms over which it should stay as it is."""
    return freely is not None and isinstance(step, AllGather) and not set(step.atoms) <= set(freely)


@attrs.frozen(cache_hash=True, slots=False)
class Shape:
    """A value as the search sees it: a dtype, and its dimensions with their global sizes.

    ``shares``: of those that are ragged, what is expected to be full.
    """

    dtype: str
    sizes: tuple[tuple[str, int], ...]
    shares: tuple[tuple[str, Share], ...] = ()

    @cached_property
    def bits(self) -> int:
        """Bits of the whole value, empty places left out."""
        bits = prod(size for _, size in self.sizes) * DTYPE_BITS[self.dtype]
        return expected(bits, self.type.dims, self.known.shares)

    @cached_property
    def known(self) -> Sizes:
        """The sizes by dimension."""
        return Sizes(dict(self.sizes), dict(self.shares))

    @cached_property
    def type(self) -> TensorType:
        """The type, without the sizes."""
        dims = tuple(dim for dim, _ in self.sizes)
        return NUMBER if self.dtype == NUMBER.dtype else TensorType(self.dtype, dims)


def shape_of(type_: TensorType, sizes: Sizes, names: Mapping[str, str] | None = None) -> Shape:
    """The shape of a type, its dimensions called by other ``names`` if there are any."""
    names = names or {dim: dim for dim in type_.dims}
    shares = sizes.shares
    return Shape(
        type_.dtype,
        tuple((names[dim], sizes[dim]) for dim in type_.dims),
        tuple((names[dim], shares[dim]) for dim in type_.dims if dim in shares) if shares else (),
    )


@attrs.frozen(cache_hash=True)
class Difference:
    """``block``: bytes of a GPU's block that only the common atoms split.

    ``room``: for each dimension that either end splits what the common atoms leave of its size, those
    that the target splits first.  ``freely``: over which of the atoms it may be gathered.
    """

    block: int
    room: tuple[tuple[str, int], ...]
    source: Layout
    target: Layout
    freely: Freely


@attrs.frozen
class Common:
    """What both ends hold alike, and the dimensions by their numbers: the way back."""

    layout: Layout
    names: Mapping[str, str]
    mesh: Mesh

    def layout_beside(self, layout: Layout) -> Layout:
        """A layout of the difference together with what is common."""
        split = dict(self.layout.split)
        for number, atoms in layout.split:
            dim = self.names[number]
            split[dim] = (*split.get(dim, ()), *atoms)
        partial = self.mesh.in_order((*self.layout.partial, *layout.partial))
        return make_layout(split, partial, layout.kind or self.layout.kind)

    def step_beside(self, step: Step, after: Layout) -> Step:
        """A step of the difference as a step on the whole value; ``after`` is the layout then."""
        names = self.names
        match step:
            case Slice() | AllGather() | ReduceScatter():
                return attrs.evolve(step, dim=names[step.dim])
            case AllToAll():
                return AllToAll(names[step.source], names[step.target], step.atoms)
            case Permute():
                return Permute(after)
            case AllReduce() | Seed():
                return step


def subtract(
    shape: Shape, source: Layout, target: Layout, mesh: Mesh, *, freely: Freely
) -> tuple[Difference, Common]:
    """The difference of two layouts of a value, and what they have in common."""
    before, after = dict(source.split), dict(target.split)
    common = _common(source, target)
    # Those of the target come first, so that what leads there is the same from wherever it starts.
    dims = [entry for entry in shape.sizes if entry[0] in after]
    dims += [entry for entry in shape.sizes if entry[0] in before and entry[0] not in after]
    numbers = {dim: f"{number:03}" for number, (dim, _) in enumerate(dims)}
    held = dict(common.split)
    room = tuple((numbers[dim], size // mesh.ways(held.get(dim, ()))) for dim, size in dims)
    block = -(-shape.bits // (8 * prod(map(mesh.ways, held.values()))))
    start, end = _without(source, common, numbers), _without(target, common, numbers)
    names = {number: dim for dim, number in numbers.items()}
    if freely is not None:
        # Of the others it does not matter, so that more values share one search.
        freely = tuple(atom for atom in freely if atom in start.used)
    return Difference(block, room, start, end, freely), Common(common, names, mesh)


def alike(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """The equal beginning of two tuples."""
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return left[:length]


def _common(source: Layout, target: Layout) -> Layout:
    """Equal beginnings of tuples that hold blocks in order, and atoms partial in both."""
    turned = dict(source.turned + target.turned)
    split = {
        dim: alike(atoms, target.atoms_of(dim)) for dim, atoms in source.split if dim not in turned
    }
    same_kind = source.kind == target.kind
    partial = tuple(a for a in source.partial if same_kind and a in target.partial)
    return make_layout(split, partial, source.kind)


def _without(layout: Layout, common: Layout, numbers: Mapping[str, str]) -> Layout:
    """What a layout has beside the common, its dimensions called by their numbers."""
    if common == WHOLE:
        return rename_layout(layout, numbers)
    split = {numbers[dim]: atoms[len(common.atoms_of(dim)) :] for dim, atoms in layout.split}
    partial = tuple(a for a in layout.partial if a not in common.partial)
    turned = [(numbers[dim], places) for dim, places in layout.turned]
    return make_layout(split, partial, layout.kind, turned)
