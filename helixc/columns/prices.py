"""Prices for columns of plans: each distinct kernel and collective is priced once.

The functions are those that ``compile`` prices with, one number at a time.  A collective is known by what
it does, by where its group lies in the mesh, and by its bytes; an operator by its rule and the sizes of
its blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helixc.choice.operators import Operator
from helixc.columns.family import Column, NotInColumns, bounded
from helixc.ir.hardware import Cluster, Gpu
from helixc.ir.layout import (
    WHOLE,
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Step,
)
from helixc.ir.mesh import Axis, Mesh
from helixc.price.collective import CollectivePrices
from helixc.price.interval import Price
from helixc.price.operator import get_time, operator_price

Gaps = tuple[int, ...]
# So many factors of an operator may be split, each fewer ways than ``RADIX``, for a number to tell how.
MOST_SPLIT = 4
RADIX = 1 << 15
# Blocks are smaller than this, and groups lie in fewer than 2^19 different ways.
MOST_BYTES = 1 << 44


class StepPrices:
    """Prices of steps on one cluster; ``shapes`` counts the distinct ones."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._places: dict[Gaps, int] = {}
        self._prices: list[CollectivePrices] = []
        self._known: dict[type[Step], dict[int, int]] = {}

    @property
    def shapes(self) -> int:
        """How many distinct collectives were priced."""
        return sum(map(len, self._known.values()))

    def places(self, gaps: Sequence[Gaps]) -> Column:
        """For each plan the number of where some atoms lie in its mesh."""
        return np.array([self._place(one) for one in gaps], dtype=np.int64)

    def _place(self, gaps: Gaps) -> int:
        number = self._places.get(gaps)
        if number is None:
            number = self._places[gaps] = len(self._prices)
            axes = tuple(Axis(f"a{i}", size) for i, size in enumerate(gaps))
            self._prices.append(CollectivePrices(Mesh.uncut(axes), self._cluster))
        return number

    def column(self, kind: type[Step], places: Column, held: Column) -> Column:
        """Picoseconds of a step on blocks of ``held`` bytes, in each plan."""
        if held.max(initial=0) >= MOST_BYTES:
            raise NotInColumns
        known = self._known.setdefault(kind, {})
        # Place and bytes as one number.
        keys = (places * MOST_BYTES + held).tolist()
        times = [known.get(key, -1) for key in keys]
        for position, time in enumerate(times):
            if time < 0:
                key = keys[position]
                if key not in known:
                    known[key] = self._price(kind, *divmod(key, MOST_BYTES))
                times[position] = known[key]
        return bounded(times)

    def _price(self, kind: type[Step], place: int, size: int) -> int:
        prices = self._prices[place]
        # Of the axes of such a mesh every other one is an atom of the step.
        atoms = tuple(atom.name for atom in prices.mesh.atoms[1::2])
        before = WHOLE
        step: Step
        if kind is AllGather:
            step = AllGather("d", atoms)
        elif kind is ReduceScatter:
            step = ReduceScatter("d", atoms)
        elif kind is AllReduce:
            step = AllReduce(atoms)
        elif kind is AllToAll:
            step = AllToAll("d", "e", atoms)
        else:
            before = Layout((("d", atoms),))
            step = Permute(Layout((("e", atoms),)))
        return prices.picoseconds(step, size, before)


class OperatorPrices:
    """Times of operators on one GPU of a cluster; ``shapes`` counts the distinct ones."""

    def __init__(self, cluster: Cluster) -> None:
        self._gpu = cluster.gpu
        self._products: dict[tuple[int, int, int, int, str], Price] = {}
        self._known: dict[object, dict[int, int]] = {}

    @property
    def shapes(self) -> int:
        """How many distinct operators, by their local sizes, were priced."""
        return sum(map(len, self._known.values()))

    def column(self, operator: Operator, split: Sequence[tuple[str, Column]]) -> Column:
        """Picoseconds of an operator whose factors are split so many ways, in each plan."""
        names = tuple(name for name, _ in split)
        identity = (operator.arithmetic, operator.rule, operator.shapes, operator.result, names)
        known = self._known.setdefault(identity, {})
        if len(split) > MOST_SPLIT:
            raise NotInColumns
        # The ways of all factors as one number.
        key = split[0][1] if split else np.zeros(1, dtype=np.int64)
        for _, ways in split[1:]:
            key = key * RADIX + ways
        numbers = key.tolist()
        times = [known.get(number, -1) for number in numbers]
        for position, time in enumerate(times):
            if time < 0:
                number = numbers[position]
                if number not in known:
                    ways = [int(column[position]) for _, column in split]
                    known[number] = self._price(operator, dict(zip(names, ways, strict=True)))
                times[position] = known[number]
        return bounded(times)

    def _price(self, operator: Operator, ways: dict[str, int]) -> int:
        local = {name: size // ways.get(name, 1) for name, size in operator.sizes.items()}
        return operator_price(operator.on_gpu(local), self._gpu, self._product).picoseconds

    def _product(self, m: int, k: int, n: int, batch: int, dtype: str, gpu: Gpu) -> Price:
        """Operators of different shapes are often one product."""
        key = (m, k, n, batch, dtype)
        if key not in self._products:
            self._products[key] = get_time(m, k, n, batch, dtype, gpu)
        return self._products[key]
