"""Time and bytes of one step of the layout algebra, over the links that its groups really cross.

A step runs directly, as its group's levels say, or as any sequence of smaller steps with the same
effect, whichever is cheapest: an all-reduce never costs more than a reduce-scatter and an all-gather, a
joint step over several atoms never more than one after the other, so that the search cannot "find"
algorithms.  On links without constants an all-reduce costs exactly twice a reduce-scatter, so that ties
are ties.  Times are whole picoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

import attrs

from helixc.diagnostics import CompilerBug
from helixc.ir.hardware import Cluster
from helixc.ir.kernels import weakest
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
    """Bytes received per GPU; ``local_bytes`` is the block before the step."""
    count, parts = received_parts(step, mesh)
    return -(-count * local_bytes // parts)


def received_parts(step: Step, mesh: Mesh) -> tuple[int, int]:
    """What a GPU receives in a step: so many of so many equal parts of its block."""
    match step:
        case Slice() | Seed():
            return 0, 1
        case AllGather():
            return mesh.ways(step.atoms) - 1, 1
        case ReduceScatter() | AllToAll():
            ways = mesh.ways(step.atoms)
            return ways - 1, ways
        case AllReduce():
            ways = mesh.ways(step.atoms)
            return 2 * (ways - 1), ways
        case Permute():
            return 1, 1


# Up to so many atoms every division of a joint step into a sequence is priced.
ALL_SUBSETS = 8
Atoms = tuple[str, ...]


class Stage(NamedTuple):
    """One collective of a sequence: what it does, over which atoms, and with how many bytes.

    ``gather``, also for a reduce-scatter: bytes of one rank's part; ``reduce``, ``exchange``, ``send``:
    bytes of the block.
    """

    kind: str
    atoms: Atoms
    size: int


class Demand(NamedTuple):
    """What a step asks for, whatever the block: a stage on each of so many ``parts`` of it."""

    kind: str
    atoms: Atoms
    parts: int

    def on(self, local_bytes: int) -> Stage:
        """The stage for a block."""
        return Stage(self.kind, self.atoms, -(-local_bytes // self.parts))


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
        self._levels: dict[Atoms, tuple[tuple[Crossed, ...], ...]] = {}
        self._orders: dict[Atoms, Atoms] = {}
        self._times: dict[tuple[str, Atoms, int], int] = {}

    def picoseconds(self, step: Step, local_bytes: int, before: Layout) -> int:
        """Time of one step on a block of ``local_bytes`` held in layout ``before``."""
        return self.demanded(self.demand(step, before), local_bytes)

    def demanded(self, demand: Demand | None, local_bytes: int) -> int:
        """Time of what a step asks for on a block of ``local_bytes``."""
        if demand is None:
            return 0
        kind, atoms, parts = demand
        # A stage is looked up as the tuple that it is: most are known, and need not be made again.
        found = self._times.get((kind, atoms, -(-local_bytes // parts)))
        return self._time(demand.on(local_bytes)) if found is None else found

    def price(self, step: Step, local_bytes: int, before: Layout) -> CollectivePrice:
        """The same time, with what is known of it."""
        demand = self.demand(step, before)
        if demand is None:
            return LOCAL
        stages = self._stages(demand.on(local_bytes))
        price = exactly(0, "latency")
        received: dict[str, int] = {}
        for one in stages:
            price = price.plus(self._stage_price(one))
            for level, count in self._stage_bytes(one):
                received[level] = received.get(level, 0) + count
        times = [self._dearest(one) for one in stages]
        slowest = max(times, key=lambda time: time.seconds)
        return CollectivePrice(price, _algorithm(times), slowest.level, tuple(received.items()))

    def demand(self, step: Step, before: Layout) -> Demand | None:
        """What a step from a layout asks for; None if nothing is moved."""
        match step:
            case Slice() | Seed():
                return None
            case AllGather():
                return Demand("gather", self._ordered(step.atoms), 1)
            case ReduceScatter():
                return Demand("gather", self._ordered(step.atoms), self.mesh.ways(step.atoms))
            case AllReduce():
                return Demand("reduce", self._ordered(step.atoms), 1)
            case AllToAll():
                return Demand("exchange", self._ordered(step.atoms), 1)
            case Permute():
                return Demand("send", moved_atoms(before, step.layout), 1)

    def _ordered(self, atoms: Atoms) -> Atoms:
        """The atoms in the order of the mesh."""
        if atoms not in self._orders:
            self._orders[atoms] = self.mesh.in_order(atoms)
        return self._orders[atoms]

    def _shard(self, atoms: Atoms, local_bytes: int) -> int:
        return -(-local_bytes // self.mesh.ways(atoms))

    def _time(self, stage: Stage) -> int:
        """Picoseconds of the cheapest of the direct algorithm and of every sequence with its effect."""
        found = self._times.get(stage)
        if found is None:
            found = self._times[stage] = self._cheapest(stage)
        return found

    def _cheapest(self, stage: Stage) -> int:
        if self._is_two_gathers(stage):
            return 2 * self._time(Stage("gather", stage.atoms, self._shard(*stage[1:])))
        best = _rounded(self._dearest(stage))
        for parts in self._sequences(stage):
            total = 0
            for part in parts:
                total += self._time(part)
                if total >= best:
                    break
            best = min(best, total)
        return best

    def _stages(self, stage: Stage) -> tuple[Stage, ...]:
        """The direct algorithms in which a step runs; the first of equally cheap ways."""
        best = self._time(stage)
        if not self._is_two_gathers(stage) and _rounded(self._dearest(stage)) == best:
            return (stage,)
        for parts in self._sequences(stage):
            if sum(self._time(part) for part in parts) == best:
                return tuple(one for part in parts for one in self._stages(part))
        raise CompilerBug(f"no way to run {stage} takes {best} ps")

    def _is_two_gathers(self, stage: Stage) -> bool:
        """An all-reduce over links without constants costs exactly what a scatter and a gather cost."""
        return stage.kind == "reduce" and not any(
            measured(level) for group in self._crossed(stage.atoms) for level in group
        )

    def _sequences(self, stage: Stage) -> Iterator[tuple[Stage, ...]]:
        """Smaller steps with the same effect, one after the other."""
        kind, atoms, size = stage
        if kind == "reduce":
            yield 2 * (Stage("gather", atoms, self._shard(atoms, size)),)
        for first, rest in _divisions(atoms) if kind != "send" else ():
            if kind == "reduce":
                shard = self._shard(first, size)
                scatter = Stage("gather", first, shard)
                yield Stage("reduce", first, size), Stage("reduce", rest, size)
                yield scatter, scatter, Stage("reduce", rest, shard)
            else:
                grown = size * self.mesh.ways(first) if kind == "gather" else size
                yield Stage(kind, first, size), Stage(kind, rest, grown)

    def _dearest(self, stage: Stage, part: float = 1.0) -> GroupTime:
        """The time of the slowest group, with ``part`` of the bytes."""
        groups = self._crossed(stage.atoms)
        times = [self._group_time(stage, levels, part) for levels in groups]
        return times[0] if len(times) == 1 else max(times, key=lambda time: time.seconds)

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

    def _crossed(self, atoms: Atoms) -> tuple[tuple[Crossed, ...], ...]:
        """The levels that each distinct kind of group over ``atoms`` crosses."""
        if atoms not in self._levels:
            shapes = group_shapes(self.mesh, self.cluster, atoms)
            self._levels[atoms] = tuple(crossed_levels(shape, self._wires) for shape in shapes)
        return self._levels[atoms]

    def _stage_price(self, stage: Stage) -> Price:
        """Latency bounds what would take more than three quarters of its time with half the bytes."""
        time, half = self._dearest(stage), self._dearest(stage, 0.5)
        bound = "latency" if 4 * half.seconds > 3 * time.seconds else "link"
        groups = self._crossed(stage.atoms)
        source = weakest(level.wire.source for group in groups for level in group)
        return within(_rounded(time), time.error, bound, source)

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


@cache
def _divisions(atoms: Atoms) -> tuple[tuple[Atoms, Atoms], ...]:
    """Atoms that go first, and the rest; of many atoms only one at a time goes first."""
    return tuple(
        (first, tuple(atom for atom in atoms if atom not in first))
        for count in range(1, len(atoms) if len(atoms) <= ALL_SUBSETS else 2)
        for first in combinations(atoms, count)
    )


def _algorithm(times: list[GroupTime]) -> str:
    """The name of a sequence: of its only algorithm, or of several, one level after the other."""
    names = list(dict.fromkeys(time.algorithm for time in times))
    if len({time.level for time in times}) == 1:
        return " and ".join(names)
    words = dict.fromkeys(name.removeprefix("hierarchical ") for name in names)
    return "hierarchical " + " and ".join(words)
