"""Finds the smallest number of micro-batches with which a program fits a GPU, by compiling with it.

Slices hold less of every value that has the dimension and as much of all else, and with other sizes the
choice may fall otherwise.  So nothing is extrapolated: each number that is looked at is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from helixc.analysis.fit import Fit, Sliced
from helixc.analysis.layers import find_layers
from helixc.analysis.memory import find_memory
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.logical import Logical
from helixc.ir.plan import DimRef, Microbatches, Plan
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Spmd
from helixc.passes.contract import run_pipeline
from helixc.passes.microbatch import legal_counts, outermost_leaf, sliceable
from helixc.pipeline import to_spmd

# The memory of a number of slices; None where the plan cannot be followed with so many.
Look = Callable[[int], Sliced | None]


def find_fit(elaborated: Logical, program: Spmd) -> Fit | None:
    """How to make a program fit that ``elaborated`` was compiled to.

    None where it fits as it is, and where there is no dimension along which its step could be sliced.
    """
    now, capacity = _sliced(program), program.cluster.gpu.memory_bytes
    if now.needed_bytes <= capacity:
        return None
    fallback: Fit | None = None
    for dim in _dims(elaborated):
        leaf = outermost_leaf(elaborated, dim.leaves)
        size = 1 if leaf is None else elaborated.sizes[leaf]
        fit = _fit(elaborated, dim, size, now, capacity)
        if fit.fits:
            return fit
        fallback = fallback or fit
    return fallback


def _dims(program: Logical) -> tuple[DimRef, ...]:
    """The dimension that the plan slices already, else those that can be sliced."""
    line = program.plan.microbatches
    if line is not None and line.count > 1:
        return (line.dim,)
    return tuple(DimRef(dim.name, dim.leaves) for dim, _ in sliceable(program))


def _fit(program: Logical, dim: DimRef, size: int, now: Sliced, capacity: int) -> Fit:
    def look(count: int) -> Sliced | None:
        return _compiled(program, dim, count)

    counts = [count for count in legal_counts(size) if count > now.count]
    best, below = smallest(counts, _guess(counts, now, capacity), now, capacity, look)
    if best is None:
        best, below = below, now
    return Fit(dim=dim.name, capacity_bytes=capacity, best=best, below=below)


def _guess(counts: Sequence[int], now: Sliced, capacity: int) -> int:
    """Where the first number stands that would do if all that is alive shrank with the slices."""
    room = max(1, capacity - now.weights_bytes - now.state_bytes)
    wanted = now.count * now.peak_bytes / room
    return next((at for at, count in enumerate(counts) if count >= wanted), len(counts) - 1)


def smallest(
    counts: Sequence[int], guess: int, now: Sliced, capacity: int, look: Look
) -> tuple[Sliced | None, Sliced]:
    """The smallest of some rising numbers that fits, None if none does, and what is next below it.

    ``now`` is below them all and does not fit.  ``guess``, a position, is looked at first, then the one
    beside it.  What is next below the result is always looked at: where memory does not fall with every
    number, the result is one that fits after one that does not.
    """
    low, high, wanted = -1, len(counts), guess
    best, below = None, now
    while high - low > 1:
        at = wanted if low < wanted < high else (low + high) // 2
        sliced = look(counts[at])
        if sliced is not None and sliced.needed_bytes > capacity:
            low, below, beside = at, sliced, at + 1
        else:
            # Where the plan cannot be followed, it cannot be with more slices either.
            high, best, beside = at, sliced, at - 1
        wanted = beside if at == guess else -1
    return best, below


def _compiled(program: Logical, dim: DimRef, count: int) -> Sliced | None:
    """What compiling with so many slices says; None where the plan cannot be followed then."""
    line = Microbatches(count, dim, program.plan.span)
    sliced = attrs.evolve(program, plan=_with_line(program.plan, line))
    try:
        compiled = run_pipeline(to_spmd(Choice())[1:], sliced, frozenset(LOGICAL_FACTS))
    except HelixError:
        return None
    return _sliced(compiled) if isinstance(compiled, Spmd) else None


def _with_line(plan: Plan, line: Microbatches) -> Plan:
    """The plan with this line in its outermost block, instead of any other of its kind."""
    outermost, *others = plan.blocks
    kept = tuple(known for known in outermost.lines if not isinstance(known, Microbatches))
    return attrs.evolve(plan, blocks=(attrs.evolve(outermost, lines=(*kept, line)), *others))


def _sliced(program: Spmd) -> Sliced:
    memory = find_memory(program, find_layers(program))
    return Sliced(
        count=slice_count(program),
        weights_bytes=memory.weights_bytes,
        state_bytes=memory.state_bytes,
        peak_bytes=memory.peak_bytes,
        largest=memory.largest_activation,
    )
