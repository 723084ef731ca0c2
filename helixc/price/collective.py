"""Time and bytes of one step of the layout algebra, over the links that its groups really cross.

A step runs directly, as its group's levels say, or as any sequence of smaller steps with the same
effect, whichever is cheapest: an all-reduce never costs more than a reduce-scatter and an all-gather, a
joint step over several atoms never more than one after the other, so that the search cannot "find"
algorithms.  On links without constants an all-reduce costs exactly twice a reduce-scatter, so that ties
are ties.  Times are whole picoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import attrs

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
from helixc.price.collective_times import ALL_REDUCE, GATHER
from helixc.price.compute import PICOSECONDS
from helixc.price.group_times import (
    Crossed,
    GroupTime,
    LevelBytes,
    crossed_levels,
    exchange_bytes,
    exchange_time,
    measured,
    ring_bytes,
    ring_time,
    send_bytes,
    send_time,
)
from helixc.price.interval import Price, exactly, within
from helixc.price.topology import group_shapes, wires


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


@attrs.frozen
class Stage:
    """One collective of a sequence: what it does, over which atoms, and with how many bytes.

    ``gather``, also for a reduce-scatter: bytes of one rank's part; ``reduce``, ``exchange``, ``send``:
    bytes of the block.
    """

    kind: str
    atoms: tuple[str, ...]
    size: int


@attrs.frozen
class Way:
    """The stages in which a step runs, and their time."""

    picoseconds: int
    stages: tuple[Stage, ...] = ()

    def then(self, other: Way) -> Way:
        """One after the other."""
        return Way(self.picoseconds + other.picoseconds, self.stages + other.stages)


@attrs.frozen
class CollectivePrice:
    """What is known of one step: ``price.bound`` is ``link`` or ``latency``.

    ``algorithm``: how it runs, in the words of the field; "" for a local step.  ``level``: the level of
    the cluster that bounds it.  ``level_bytes``: received by each GPU, by the level they come over.
    """

    price: Price
    algorithm: str = ""
    level: str = ""
    level_bytes: LevelBytes = ()


LOCAL = CollectivePrice(exactly(0, "latency"))


class CollectivePrices:
    """Prices the steps of one mesh on one cluster; remembers what it has worked out."""

    def __init__(self, mesh: Mesh, cluster: Cluster) -> None:
        self.mesh = mesh
        self.cluster = cluster
        self._wires = wires(cluster)
        self._levels: dict[tuple[str, ...], tuple[tuple[Crossed, ...], ...]] = {}
        self._ways: dict[tuple[str, tuple[str, ...], int], Way] = {}

    def picoseconds(self, step: Step, local_bytes: int, before: Layout) -> int:
        """Time of one step on a block of ``local_bytes`` held in layout ``before``."""
        return self._way(step, local_bytes, before).picoseconds

    def price(self, step: Step, local_bytes: int, before: Layout) -> CollectivePrice:
        """The same time, with what is known of it."""
        way = self._way(step, local_bytes, before)
        if not way.stages:
            return LOCAL
        price = exactly(0, "latency")
        received: dict[str, int] = {}
        for stage in way.stages:
            price = price.plus(self._stage_price(stage))
            for level, count in self._stage_bytes(stage):
                received[level] = received.get(level, 0) + count
        times = [self._dearest(stage) for stage in way.stages]
        slowest = max(times, key=lambda time: time.seconds)
        return CollectivePrice(price, _algorithm(times), slowest.level, tuple(received.items()))

    def _way(self, step: Step, local_bytes: int, before: Layout) -> Way:
        match step:
            case Slice() | Seed():
                return Way(0)
            case AllGather():
                return self._joint("gather", step.atoms, local_bytes)
            case ReduceScatter():
                return self._joint("gather", step.atoms, self._shard(step.atoms, local_bytes))
            case AllReduce():
                return self._joint("reduce", step.atoms, local_bytes)
            case AllToAll():
                return self._joint("exchange", step.atoms, local_bytes)
            case Permute():
                return self._direct(Stage("send", moved_atoms(before, step.layout), local_bytes))

    def _shard(self, atoms: tuple[str, ...], local_bytes: int) -> int:
        return -(-local_bytes // self.mesh.ways(atoms))

    def _joint(self, kind: str, atoms: tuple[str, ...], size: int) -> Way:
        """The cheapest of the direct algorithm and of every sequence with the same effect."""
        key = (kind, atoms, size)
        if key not in self._ways:
            stage = Stage(kind, tuple(sorted(atoms, key=self.mesh.order.__getitem__)), size)
            reduces = kind == "reduce"
            ways = self._all_reduces(stage) if reduces else self._sequences(stage)
            # The first of equals is taken.
            self._ways[key] = min(ways, key=lambda way: way.picoseconds)
        return self._ways[key]

    def _sequences(self, stage: Stage) -> Iterator[Way]:
        """Ways of a gather, a scatter or an exchange."""
        yield self._direct(stage)
        for first, rest in _divisions(stage.atoms):
            grown = stage.size * (self.mesh.ways(first) if stage.kind == "gather" else 1)
            yield self._joint(stage.kind, first, stage.size).then(
                self._joint(stage.kind, rest, grown)
            )

    def _all_reduces(self, stage: Stage) -> Iterator[Way]:
        """Directly, one after the other, or with the smaller part of the work scattered over ``first``."""
        whole = self._joint("gather", stage.atoms, self._shard(stage.atoms, stage.size))
        if not any(measured(one) for group in self._crossed(stage.atoms) for one in group):
            yield whole.then(whole)
            return
        yield self._direct(stage)
        yield whole.then(whole)
        for first, rest in _divisions(stage.atoms):
            shard = self._shard(first, stage.size)
            scatter = self._joint("gather", first, shard)
            yield self._joint("reduce", first, stage.size).then(
                self._joint("reduce", rest, stage.size)
            )
            yield scatter.then(self._joint("reduce", rest, shard)).then(scatter)

    def _direct(self, stage: Stage) -> Way:
        return Way(_rounded(self._dearest(stage)), (stage,))

    def _dearest(self, stage: Stage, part: float = 1.0) -> GroupTime:
        """The time of the slowest group, with ``part`` of the bytes."""
        times = [self._group_time(stage, levels, part) for levels in self._crossed(stage.atoms)]
        return max(times, key=lambda time: time.seconds)

    def _group_time(self, stage: Stage, levels: tuple[Crossed, ...], part: float) -> GroupTime:
        size = stage.size * part
        match stage.kind:
            case "gather":
                return ring_time(GATHER, levels, size)
            case "reduce":
                return ring_time(ALL_REDUCE, levels, self._shard(stage.atoms, stage.size) * part)
            case "exchange":
                return exchange_time(levels, size)
            case _:
                return send_time(levels, size)

    def _crossed(self, atoms: tuple[str, ...]) -> tuple[tuple[Crossed, ...], ...]:
        """The levels that each distinct kind of group over ``atoms`` crosses."""
        if atoms not in self._levels:
            shapes = group_shapes(self.mesh, self.cluster, atoms)
            self._levels[atoms] = tuple(crossed_levels(shape, self._wires) for shape in shapes)
        return self._levels[atoms]

    def _stage_price(self, stage: Stage) -> Price:
        """Latency bounds what would take more than three quarters of its time with half the bytes."""
        time, half = self._dearest(stage), self._dearest(stage, 0.5)
        bound = "latency" if 4 * half.seconds > 3 * time.seconds else "link"
        return within(_rounded(time), time.error, bound)

    def _stage_bytes(self, stage: Stage) -> LevelBytes:
        levels = max(
            self._crossed(stage.atoms), key=lambda one: self._group_time(stage, one, 1.0).seconds
        )
        match stage.kind:
            case "gather":
                return ring_bytes(GATHER, levels, stage.size)
            case "reduce":
                return ring_bytes(ALL_REDUCE, levels, self._shard(stage.atoms, stage.size))
            case "exchange":
                return exchange_bytes(levels, stage.size)
            case _:
                return send_bytes(levels, stage.size)


def _rounded(time: GroupTime) -> int:
    return round(time.seconds * PICOSECONDS)


def _divisions(atoms: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Atoms that go first, and the rest; of many atoms only one at a time goes first."""
    for count in range(1, len(atoms) if len(atoms) <= ALL_SUBSETS else 2):
        for first in combinations(atoms, count):
            yield first, tuple(a for a in atoms if a not in first)


def _algorithm(times: list[GroupTime]) -> str:
    """The name of a sequence: of its only algorithm, or of several, one level after the other."""
    names = list(dict.fromkeys(time.algorithm for time in times))
    if len({time.level for time in times}) == 1:
        return " and ".join(names)
    words = dict.fromkeys(name.removeprefix("hierarchical ") for name in names)
    return "hierarchical " + " and ".join(words)
