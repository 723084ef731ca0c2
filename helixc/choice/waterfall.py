"""What the lines of a plan make of one value: its planned layout.

``shard D1, D2 over A1, A2`` is a waterfall: D1 takes as many of the axes, in order, as its size allows,
then D2 takes what is left.  Lines are applied in order of precedence; a later
line takes an axis from whichever dimension had it, but only on values where it really takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd

import attrs

from helixc.ir.layout import Layout, make_layout
from helixc.ir.mesh import Mesh
from helixc.ir.plan import KeepWeights, Line, PartialOver, Replicate, Shard, Store

Holder = Shard | PartialOver | Store


@attrs.define
class Claims:
    """A planned layout in the making, and the line that holds each atom."""

    split: dict[str, list[str]] = attrs.Factory(dict[str, list[str]])
    partial: list[str] = attrs.Factory(list[str])
    holder: dict[str, Holder] = attrs.Factory(dict[str, Shard | PartialOver | Store])

    def layout(self, mesh: Mesh) -> Layout:
        """The layout these claims add up to."""
        return make_layout(self.split, mesh.in_order(self.partial))


@attrs.define
class Outcome:
    """What became of one `shard` or `store` line over all values: used for the findings about the plan.

    ``met``: some value has one of its dimensions.  ``taken``: atoms that some value took.
    ``contracted``: an operator it covers contracts one of them (for ``via``).
    ``held``: the line still holds an atom of some value when all lines have been applied.
    """

    met: bool = False
    contracted: bool = False
    taken: set[str] = attrs.Factory(set[str])
    held: bool = False
    beaten_by: Holder | Replicate | None = None


def order_leaves(line: Shard, dims: Sequence[str], whole: frozenset[str]) -> list[str]:
    """The leaves of a value that a line speaks of, in the order in which they take axes.

    A dimension that some operator needs whole comes after its sister factors: of a composite, the
    outermost factor that every operator can leave split takes the axis first.
    """
    present = set(dims)
    found: list[str] = []
    for ref in line.dims:
        leaves = [leaf for leaf in ref.leaves if leaf in present and leaf not in found]
        found += [leaf for leaf in leaves if leaf not in whole]
        found += [leaf for leaf in leaves if leaf in whole]
    return found


def apply_shard(
    claims: Claims, line: Shard, leaves: Sequence[str], sizes: Mapping[str, int], mesh: Mesh
) -> list[str]:
    """Let the leaves take the line's atoms; returns the atoms that were taken."""
    axes = [mesh.axis_atoms(axis) for axis in line.axes]
    own = {atom for atoms in axes for atom in atoms}
    taken: list[str] = []
    for leaf in leaves:
        base = tuple(atom for atom in claims.split.get(leaf, ()) if atom not in own)
        gained = _take(axes, taken, base, sizes[leaf], mesh)
        if gained:
            _steal(claims, gained)
            # What the line's axes had here of an outer line, and do not have of this one, is given up.
            claims.split[leaf] = [*base, *gained]
            taken += gained
    for atom in taken:
        claims.holder[atom] = line
    return taken


def _take(
    axes: Sequence[tuple[str, ...]],
    taken: Sequence[str],
    base: tuple[str, ...],
    size: int,
    mesh: Mesh,
) -> list[str]:
    """The atoms for which a dimension of this size, split over ``base``, has room."""
    gained: list[str] = []
    for atoms in axes:
        for atom in atoms:
            if atom in taken:
                continue
            if not mesh.divides((*base, *gained, atom), size):
                break  # an axis is taken from its outermost atom inwards
            gained.append(atom)
    return gained


def _steal(claims: Claims, atoms: Sequence[str]) -> None:
    for dim in list(claims.split):
        claims.split[dim] = [atom for atom in claims.split[dim] if atom not in atoms]
    claims.partial = [atom for atom in claims.partial if atom not in atoms]


def apply_line(
    claims: Claims,
    line: Line,
    dims: Sequence[str],
    sizes: Mapping[str, int],
    mesh: Mesh,
    whole: frozenset[str],
) -> list[str]:
    """Apply one line to the claims on a value; returns the atoms that a shard line took."""
    match line:
        case Shard():
            return apply_shard(claims, line, order_leaves(line, dims, whole), sizes, mesh)
        case Replicate():
            listed = {leaf for ref in line.dims for leaf in ref.leaves}
            for dim in list(claims.split):
                if not line.dims or dim in listed:
                    claims.split[dim] = []
            if not line.dims:
                claims.partial = []
        case PartialOver():
            atoms = [atom for axis in line.axes for atom in mesh.axis_atoms(axis)]
            _steal(claims, atoms)
            claims.partial += atoms
            for atom in atoms:
                claims.holder[atom] = line
        case _:
            pass
    return []


def leaves_weights_whole(lines: Sequence[Line]) -> bool:
    """Whether a block says ``keep weights``."""
    return any(isinstance(line, KeepWeights) for line in lines)


def cut_points(
    line: Shard,
    leaves: Sequence[str],
    sizes: Mapping[str, int],
    axis_sizes: Mapping[str, int],
) -> list[tuple[str, int]]:
    """Where a waterfall over whole axes would cut them: (axis, size of the outer piece)."""
    left = {axis: axis_sizes[axis] for axis in line.axes}
    cuts: list[tuple[str, int]] = []
    for leaf in leaves:
        room = sizes[leaf]
        for axis in line.axes:
            piece = gcd(room, left[axis])
            left[axis] //= piece
            room //= piece
            outer = axis_sizes[axis] // left[axis]
            if 1 < outer < axis_sizes[axis]:
                cuts.append((axis, outer))
    return cuts
