"""Time and bytes of one step of the layout algebra, over the links that its groups really cross.

Ring algorithms, one ring per level, outermost level first while the blocks are small (SEMANTICS
section 8); an uneven group is one flat ring over its slowest link.  An all-reduce is a reduce-scatter and
an all-gather, and costs exactly twice a reduce-scatter.  A joint step over several atoms never costs
more than a sequence with the same effect, so that the search cannot "find" algorithms.  Ring costs:
Thakur, Rabenseifner and Gropp, IJHPCA 19(1), 2005.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from helixc.ir.hardware import Cluster
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
    Step,
)
from helixc.ir.layout_steps import moved_atoms
from helixc.ir.mesh import Mesh
from helixc.price.compute import PICOSECONDS
from helixc.price.topology import GroupShape, group_shapes, wires


def step_bytes(step: Step, local_bytes: int, mesh: Mesh) -> int:
    """Bytes received per GPU; ``local_bytes`` is the block before the step (SEMANTICS section 3)."""
    match step:
        case Slice() | Seed():
            return 0
        case AllGather():
            return (mesh.ways(step.atoms) - 1) * local_bytes
        case ReduceScatter() | AllToAll():
            ways = mesh.ways(step.atoms)
            return -(-(ways - 1) * local_bytes // ways)
        case AllReduce():
            ways = mesh.ways(step.atoms)
            return -(-2 * (ways - 1) * local_bytes // ways)
        case Permute():
            return local_bytes


# Up to so many atoms every division of a joint step into a sequence is priced.
ALL_SUBSETS = 8


class CollectivePrices:
    """Prices the steps of one mesh on one cluster; remembers what it has worked out."""

    def __init__(self, mesh: Mesh, cluster: Cluster) -> None:
        self.mesh = mesh
        self.cluster = cluster
        self._wires = wires(cluster)
        self._shapes: dict[tuple[str, ...], tuple[GroupShape, ...]] = {}
        self._times: dict[tuple[str, tuple[str, ...], int], int] = {}

    def picoseconds(self, step: Step, local_bytes: int, before: Layout) -> int:
        """Time of one step on a block of ``local_bytes`` held in layout ``before``."""
        match step:
            case Slice() | Seed():
                return 0
            case AllGather():
                return self._joint("gather", step.atoms, local_bytes)
            case ReduceScatter():
                shard = -(-local_bytes // self.mesh.ways(step.atoms))
                return self._joint("gather", step.atoms, shard)
            case AllReduce():
                shard = -(-local_bytes // self.mesh.ways(step.atoms))
                return 2 * self._joint("gather", step.atoms, shard)
            case AllToAll():
                return self._joint("exchange", step.atoms, local_bytes)
            case Permute():
                return self._permute(moved_atoms(before, step.layout), local_bytes)

    def algorithm(self, step: Step) -> str:
        """How the step runs, in the words of the field; "" for a local step."""
        match step:
            case Slice() | Seed():
                return ""
            case Permute():
                return "point-to-point"
            case AllToAll():
                return "pairwise"
            case _:
                shapes = self._group_shapes(step.atoms)
                levels = max(sum(e > 1 for e in shape.extents) for shape in shapes)
                return "hierarchical ring" if levels > 1 else "ring"

    def _group_shapes(self, atoms: tuple[str, ...]) -> tuple[GroupShape, ...]:
        if atoms not in self._shapes:
            self._shapes[atoms] = group_shapes(self.mesh, self.cluster, atoms)
        return self._shapes[atoms]

    def _joint(self, kind: str, atoms: tuple[str, ...], size: int) -> int:
        """The cheapest of the direct algorithm and of every sequence with the same effect."""
        atoms = tuple(sorted(atoms, key=self.mesh.order.__getitem__))
        key = (kind, atoms, size)
        if key not in self._times:
            direct = self._gather if kind == "gather" else self._exchange
            best = self._dearest(direct, atoms, size)
            # Of many atoms only one at a time goes first: their subsets are too many to try.
            for count in range(1, len(atoms) if len(atoms) <= ALL_SUBSETS else 2):
                for first in combinations(atoms, count):
                    rest = tuple(a for a in atoms if a not in first)
                    grown = size * self.mesh.ways(first) if kind == "gather" else size
                    split = self._joint(kind, first, size) + self._joint(kind, rest, grown)
                    best = min(best, split)
            self._times[key] = best
        return self._times[key]

    def _dearest(
        self, price: Callable[[GroupShape, int], float], atoms: tuple[str, ...], size: int
    ) -> int:
        seconds = max(price(shape, size) for shape in self._group_shapes(atoms))
        return round(seconds * PICOSECONDS)

    def _gather(self, shape: GroupShape, shard: int) -> float:
        """Rings from the outermost level inwards; ``shard`` bytes per GPU at first."""
        seconds, held = 0.0, shard
        for extent, wire in zip(shape.extents, self._wires, strict=True):
            seconds += (extent - 1) * (wire.latency + held / wire.bandwidth)
            held *= extent
        return seconds

    def _exchange(self, shape: GroupShape, local_bytes: int) -> float:
        """Each GPU sends an equal part of its block to every other member, level by level."""
        ways = 1
        for extent in shape.extents:
            ways *= extent
        seconds, inside = 0.0, ways
        for extent, wire in zip(shape.extents, self._wires, strict=True):
            inside //= extent
            crossing = (extent - 1) * inside * local_bytes / ways
            seconds += (extent - 1) * wire.latency + crossing / wire.bandwidth
        return seconds

    def _permute(self, atoms: tuple[str, ...], local_bytes: int) -> int:
        """Every block changes places at most once, over the slowest link that is crossed."""
        seconds = 0.0
        for shape in self._group_shapes(atoms):
            for extent, wire in zip(shape.extents, self._wires, strict=True):
                if extent > 1:
                    seconds = max(seconds, wire.latency + local_bytes / wire.bandwidth)
        return round(seconds * PICOSECONDS)
