"""Reading values in other layouts, for a column of plans: which copy is the source, and by which path.

Plans may differ in both.  A *variant* is one outcome with the plans for which it holds; what it costs is a
column in which other plans have ``NEVER``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
import numpy as np

from helixc.choice.copies import Layouts
from helixc.choice.difference import Freely, Shape
from helixc.choice.states import State
from helixc.columns.family import NEVER, Column, Family
from helixc.columns.paths import Leg, PathFinder, Paths
from helixc.ir.layout import Layout


@attrs.frozen(eq=False)
class Moved:
    """The value in ``slot`` is brought to ``target`` from the copy in ``source`` by these steps."""

    slot: int
    source: Layout
    target: Layout
    legs: tuple[Leg, ...]


@attrs.frozen(eq=False)
class Variant:
    """``first``, ``second``: cost by plan.  ``there``: for each slot the copies that exist afterwards."""

    first: Column
    second: Column
    there: State
    moved: tuple[Moved, ...] = ()


@attrs.frozen
class Wanted:
    """A value, by its slot, that is needed in a layout; ``freely``: as a ``Supply`` has it."""

    slot: int
    shape: Shape
    target: Layout
    freely: Freely


@attrs.frozen(eq=False)
class _Nearest:
    """For each plan the number of the copy that is nearest, and the path from it."""

    source: Column
    path: Column
    first: Column
    steps: Column


class Reads:
    """Works out reads for one family of plans; remembers paths."""

    def __init__(self, family: Family, finder: PathFinder, layouts: Layouts) -> None:
        self.family = family
        self.layouts = layouts
        self._finder = finder
        self._known: dict[tuple[Shape, Layout, Layout, Freely], Paths] = {}

    def start(self, there: State) -> Variant:
        """Nothing is read yet, and nothing is spent."""
        return Variant(self.family.zeros, self.family.zeros, there)

    def paths(self, wanted: Wanted, source: Layout) -> Paths:
        """The paths from one copy."""
        key = (wanted.shape, source, wanted.target, wanted.freely)
        if key not in self._known:
            self._known[key] = self._finder.find(
                self.family, wanted.shape, source, wanted.target, freely=wanted.freely
            )
        return self._known[key]

    def read(self, variants: Sequence[Variant], wanted: Wanted) -> list[Variant]:
        """The variants after one more value is there as needed."""
        found: list[Variant] = []
        target = self.layouts.bit(wanted.target)
        for variant in variants:
            if variant.there[wanted.slot] & target:
                stay = Moved(wanted.slot, wanted.target, wanted.target, ())
                found.append(attrs.evolve(variant, moved=(*variant.moved, stay)))
            else:
                found += self._brought(variant, wanted)
        return found

    def _brought(self, variant: Variant, wanted: Wanted) -> Iterable[Variant]:
        sources = self.layouts.of(variant.there[wanted.slot])
        every = [self.paths(wanted, source) for source in sources]
        nearest = _nearest(every)
        usable = (variant.first < NEVER) & (nearest.first < NEVER)
        copies: list[int] = nearest.source[usable].tolist()
        ways: list[int] = nearest.path[usable].tolist()
        for source, path in sorted(set(zip(copies, ways, strict=True))):
            rows = usable & (nearest.source == source) & (nearest.path == path)
            legs = every[source].found[path]
            there = list(variant.there)
            there[wanted.slot] = self.layouts.joined(
                there[wanted.slot], [leg.layout for leg in legs]
            )
            moved = Moved(wanted.slot, sources[source], wanted.target, legs)
            yield Variant(
                first=np.where(rows, variant.first + nearest.first, NEVER),
                second=variant.second + nearest.steps,
                there=tuple(there),
                moved=(*variant.moved, moved),
            )


def _nearest(every: Sequence[Paths]) -> _Nearest:
    """Of the paths from all copies the cheapest; of equals that from the first copy."""
    first = every[0]
    best = _Nearest(np.zeros_like(first.which), first.which, first.first, first.steps)
    for number, paths in enumerate(every[1:], start=1):
        better = paths.first < best.first
        better |= (paths.first == best.first) & (paths.steps < best.steps)
        best = _Nearest(
            source=np.where(better, number, best.source),
            path=np.where(better, paths.which, best.path),
            first=np.where(better, paths.first, best.first),
            steps=np.where(better, paths.steps, best.steps),
        )
    return best
