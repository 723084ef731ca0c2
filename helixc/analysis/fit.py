"""What would make a program fit that does not: the number of slices in which its step would have to run."""

from __future__ import annotations

import attrs

from helixc.analysis.memory import Live, kept_text
from helixc.analysis.numbers_text import byte_text


@attrs.frozen(kw_only=True)
class Sliced:
    """What a GPU would hold if the step ran in ``count`` slices, found by compiling it so."""

    count: int
    weights_bytes: int
    state_bytes: int
    peak_bytes: int
    largest: Live | None

    @property
    def needed_bytes(self) -> int:
        """What is kept, and what is alive at the fullest moment of a slice."""
        return self.weights_bytes + self.state_bytes + self.peak_bytes


@attrs.frozen(kw_only=True)
class Fit:
    """How far micro-batches over ``dim`` help a program that does not fit.

    ``best`` has the smallest number that fits, and ``below`` the next smaller legal one, which does not;
    where none fits, ``best`` has the largest that the plan can follow, and ``below`` is the program as it
    is.  1 is the step as a whole.
    """

    dim: str
    capacity_bytes: int
    best: Sliced
    below: Sliced

    @property
    def fits(self) -> bool:
        """Whether there is a number that fits."""
        return self.best.needed_bytes <= self.capacity_bytes

    @property
    def line(self) -> str:
        """The line of the plan with that number."""
        return f"microbatches {self.best.count} over {self.dim}"

    @property
    def remedy(self) -> str:
        """The line where it helps, else ""."""
        return self.line if self.fits else ""

    @property
    def text(self) -> str:
        """The finding in words."""
        needed, capacity = byte_text(self.best.needed_bytes), byte_text(self.capacity_bytes)
        if self.fits:
            return (
                f"With `{self.line}` it fits: a GPU then needs {needed} of its {capacity}. "
                f"{self._below()} it needs {byte_text(self.below.needed_bytes)}."
            )
        return (
            f"No number of micro-batches over `{self.dim}` makes it fit. {_with(self.best.count)}, the "
            f"most that this plan can follow, a GPU needs {needed} of its {capacity}: "
            f"{kept_text(self.best.weights_bytes, self.best.state_bytes)} and {byte_text(self.best.peak_bytes)} for "
            f"what is alive at once{self._largest()}."
        )

    def _below(self) -> str:
        count = self.below.count
        return f"With {count}, the next smaller legal number," if count > 1 else "In one piece"

    def _largest(self) -> str:
        largest = self.best.largest
        return f", up to {byte_text(largest.bytes)} of it for `{largest.name}`" if largest else ""


def _with(count: int) -> str:
    return f"With {count}" if count > 1 else "With one, the step as a whole"
