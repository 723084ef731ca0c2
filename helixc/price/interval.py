"""A price with what is known of its error: time, low, high, and what bounds it.

Low and high of a sum are the sums of lows and highs: errors are taken to be fully correlated, since
they come from the same constants, so the interval of a sum is the widest that its parts allow.  Where
a sum comes from is said of its weakest part.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from helixc.diagnostics import CompilerBug
from helixc.ir.kernels import Source, weakest

# What can bound a time; "waiting" is time in which neither a unit nor a link is at work.
BOUNDS: tuple[str, ...] = ("flops", "bandwidth", "latency", "link", "waiting")


@attrs.frozen
class Price:
    """Picoseconds, between ``low`` and ``high``; ``bound`` is one of ``BOUNDS``.

    ``source``: where the constants come from that it is made of.
    """

    picoseconds: int
    low: int
    high: int
    bound: str
    source: Source = "measured"

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.low <= self.picoseconds <= self.high:
            raise CompilerBug(f"{self.picoseconds} ps is not in {self.low}..{self.high}")
        if self.bound not in BOUNDS:
            raise CompilerBug(f"nothing is bound by {self.bound!r}")

    def plus(self, other: Price) -> Price:
        """One after the other; bound by what bounds the longer of the two."""
        return Price(
            self.picoseconds + other.picoseconds,
            self.low + other.low,
            self.high + other.high,
            self.bound if self.picoseconds >= other.picoseconds else other.bound,
            weakest((self.source, other.source)),
        )

    def at(self, picoseconds: int) -> Price:
        """Another time with the same bound and the same relative error."""
        if picoseconds == self.picoseconds:
            return self
        low = picoseconds * self.low // max(self.picoseconds, 1)
        high = -(-picoseconds * self.high // max(self.picoseconds, 1))
        return Price(picoseconds, low, max(high, picoseconds), self.bound, self.source)

    def times(self, count: int) -> Price:
        """So many of it, one after the other."""
        picoseconds, low, high = (count * time for time in (self.picoseconds, self.low, self.high))
        return Price(picoseconds, low, high, self.bound, self.source)


def exactly(picoseconds: int, bound: str) -> Price:
    """A price without an error: nothing, or what was measured of just this."""
    return Price(picoseconds, picoseconds, picoseconds, bound)


def within(picoseconds: int, error: float, bound: str, source: Source = "assumed") -> Price:
    """A price that may be wrong by the factor ``1 + error`` either way."""
    low = min(picoseconds, round(picoseconds / (1 + error)))
    high = max(picoseconds, round(picoseconds * (1 + error)))
    return Price(picoseconds, low, high, bound, source)


def total(parts: Iterable[tuple[Price, int]]) -> Price:
    """So many of each, one after the other; bound by what bounds most of the time ("latency" if none)."""
    times = dict.fromkeys(BOUNDS, 0)
    sources: set[Source] = set()
    picoseconds = low = high = 0
    for price, count in parts:
        sources.add(price.source)
        times[price.bound] += count * price.picoseconds
        picoseconds += count * price.picoseconds
        low += count * price.low
        high += count * price.high
    bound = max(times, key=times.__getitem__) if picoseconds else "latency"
    return Price(picoseconds, low, high, bound, weakest(sources))
