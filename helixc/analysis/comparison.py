"""Two programs side by side: what differs, why, and how much of the difference in time each part makes.

Parts are matched by layer, value and kind; what then is left by layer and value: the same value moves in
another way.  The differences of all parts add up to the difference of the two times, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from helixc.analysis.critical_path import CriticalPath, find_critical_path
from helixc.analysis.layers import find_layers
from helixc.analysis.prices import default_prices
from helixc.analysis.report import Report, build_report
from helixc.analysis.schedule import find_schedule
from helixc.analysis.timed_parts import Part, timed_parts
from helixc.ir.logical import phase_of
from helixc.ir.spmd import Spmd
from helixc.price.interval import BOUNDS


@attrs.frozen(kw_only=True)
class Side:
    """One of the two programs: its report, and the parts that make its time."""

    report: Report
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """``megatron on two_nodes``, and the phase if the model has some."""
        phase = phase_of(self.report.model)
        in_phase = f", {phase}," if phase else ""
        return f"{self.report.plan}{in_phase} on {self.report.cluster.name}"

    @property
    def path(self) -> CriticalPath:
        """The critical path."""
        return self.report.critical_path


@attrs.frozen(kw_only=True)
class Pair:
    """The same part in both programs; one of them is None where the other program has no such part."""

    before: Part | None
    after: Part | None

    @property
    def part(self) -> Part:
        """One of the two: what they have in common is the same in both."""
        part = self.before or self.after
        if part is None:
            raise ValueError("a pair of nothing")
        return part

    @property
    def difference(self) -> int:
        """How much longer the second program is for this part, picoseconds."""
        return _counted(self.after) - _counted(self.before)

    @property
    def changed(self) -> bool:
        """Whether the parts differ in anything."""
        return self.before != self.after

    @property
    def reasons(self) -> tuple[tuple[str, str, str], ...]:
        """The facts that differ: what, in the first program, in the second."""
        if self.before is None or self.after is None:
            return ()
        facts = [dict((("kind", part.kind), *part.facts)) for part in (self.before, self.after)]
        every = ((w, *(known.get(w, "") for known in facts)) for w in {**facts[0], **facts[1]})
        return tuple((what, one, other) for what, one, other in every if one != other)


@attrs.frozen
class Figure:
    """One line of the table: what is compared, in which unit ("s", "B", "FLOP", "" or "yes"), both values."""

    name: str
    unit: str
    before: float
    after: float


@attrs.frozen(kw_only=True)
class Comparison:
    """Two programs and their pairs of parts, in the order of the first, then of the second."""

    before: Side
    after: Side
    pairs: tuple[Pair, ...]

    @property
    def difference(self) -> int:
        """How much longer the second program takes, picoseconds: the sum over all pairs."""
        return self.after.path.picoseconds - self.before.path.picoseconds

    @property
    def changed(self) -> tuple[Pair, ...]:
        """The pairs that differ, those that make most of the difference in time first."""
        changed = [pair for pair in self.pairs if pair.changed]
        return tuple(sorted(changed, key=lambda pair: -abs(pair.difference)))

    @property
    def differ(self) -> bool:
        """Whether anything differs but the names of plans and clusters."""
        return bool(self.changed) or any(f.before != f.after for f in self.figures)

    @property
    def by_layer(self) -> tuple[tuple[str, str, int], ...]:
        """The difference by layer and stream, in program order; zeros are left out."""
        sums: dict[tuple[str, str], int] = {}
        for pair in self.pairs:
            key = (pair.part.layer, pair.part.stream)
            sums[key] = sums.get(key, 0) + pair.difference
        return tuple((layer, stream, time) for (layer, stream), time in sums.items() if time)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """What stands side by side; times in picoseconds."""
        return (
            *(_figure(self, *row) for row in _ROWS),
            *(_bound(self, bound) for bound in BOUNDS),
            *self._traffic(),
        )

    def _traffic(self) -> Iterable[Figure]:
        """Bytes received per GPU by the outermost level that they cross."""
        sides = [_traffic_of(side) for side in (self.before, self.after)]
        for link in dict.fromkeys((*sides[0], *sides[1])):
            name = f"received over {link}"
            yield Figure(name, "B", sides[0].get(link, 0), sides[1].get(link, 0))


def side_of(program: Spmd) -> Side:
    """A program as one side of a comparison."""
    layers = find_layers(program)
    price = default_prices(program)
    path = find_critical_path(program, find_schedule(program, price))
    parts = timed_parts(program, layers, path, price)
    return Side(report=build_report(program, price=price), parts=parts)


def compare(before: Side, after: Side) -> Comparison:
    """Two programs side by side."""
    pairs, left, right = _match(before.parts, after.parts, lambda p: (p.layer, p.name, p.kind))
    moved, left, right = _match(left, right, lambda p: (p.layer, p.name, p.stream))
    alone = [Pair(before=part, after=None) for part in left]
    new = [Pair(before=None, after=part) for part in right]
    return Comparison(before=before, after=after, pairs=(*pairs, *moved, *alone, *new))


_Key = Callable[[Part], tuple[str, str, str]]


def _match(
    before: Sequence[Part], after: Sequence[Part], key: _Key
) -> tuple[list[Pair], list[Part], list[Part]]:
    """The parts of equal keys in pairs, the first with the first; and what is left of both."""
    waiting: dict[tuple[str, str, str], list[Part]] = {}
    for part in after:
        waiting.setdefault(key(part), []).append(part)
    pairs: list[Pair] = []
    left: list[Part] = []
    for part in before:
        partners = waiting.get(key(part))
        if partners:
            pairs.append(Pair(before=part, after=partners.pop(0)))
        else:
            left.append(part)
    return pairs, left, [part for parts in waiting.values() for part in parts]


def _counted(part: Part | None) -> int:
    return 0 if part is None else part.counted


def _figure(both: Comparison, name: str, unit: str, value: Callable[[Side], float]) -> Figure:
    return Figure(name, unit, value(both.before), value(both.after))


def _bound(both: Comparison, bound: str) -> Figure:
    name = f"critical path bound by {bound}"
    return Figure(name, "s", both.before.path.bounds[bound], both.after.path.bounds[bound])


def _traffic_of(side: Side) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in side.parts:
        for crossing in part.crossed[:1]:
            link = f"{crossing.link} ({crossing.level})" if crossing.link else crossing.level
            found[link] = found.get(link, 0) + part.bytes_per_gpu
    return found


_ROWS: tuple[tuple[str, str, Callable[[Side], float]], ...] = (
    ("time", "s", lambda side: side.path.picoseconds),
    ("time, low", "s", lambda side: side.path.low),
    ("time, high", "s", lambda side: side.path.high),
    ("computing", "s", lambda side: side.path.compute_picoseconds),
    ("communicating", "s", lambda side: side.path.communication_picoseconds),
    ("communicating, exposed", "s", lambda side: side.path.exposed_picoseconds),
    ("utilisation (MFU)", "%", lambda side: 100 * side.report.utilisation),
    ("matrix products per GPU", "FLOP", lambda side: 2 * side.report.macs_per_gpu),
    ("GPUs", "", lambda side: side.report.gpus),
    ("collectives", "", lambda side: len(side.report.collectives)),
    ("received per GPU", "B", lambda side: side.report.bytes_per_gpu),
    ("weights per GPU", "B", lambda side: side.report.memory.weights_bytes),
    ("states per GPU", "B", lambda side: side.report.memory.state_bytes),
    ("memory needed per GPU", "B", lambda side: side.report.memory.needed_bytes),
    ("memory of a GPU", "B", lambda side: side.report.memory.capacity_bytes),
)
