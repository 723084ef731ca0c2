"""logical -> logical: carry out the ``microbatches`` line of a plan.

The step is cut into equal slices of a dimension that run one after the other; what follows sees the
program of one slice and is none the wiser.  Inputs that have the dimension arrive slice by slice and
outputs leave so; everything else is there, or made anew, in every slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

import attrs

from helixc.diagnostics import Diagnostic, Findings, Note
from helixc.ir.invariants import LOGICAL_FACTS
from helixc.ir.logical import Logical, NamedDim
from helixc.ir.plan import Microbatches, Slices
from helixc.ir.refine import tied_leaves
from helixc.ir.slices import Obstacle, one_slice, slice_obstacles
from helixc.passes.contract import Pass

# Legal numbers listed where one is wrong, and operators named that need more than a slice.
_SHOWN_COUNTS = 16
_SHOWN_OBSTACLES = 8
# Divisors are found by trying; up to the square of this all of them.
_LARGEST_TRIED = 2**16


def microbatch(program: Logical) -> Logical:
    """The program of one slice, where the plan has the step run in slices.

    Raises ``HelixError`` for a dimension or a number of slices that is not legal.
    """
    line = program.plan.microbatches
    if line is None or program.slices is not None:
        return program
    if line.count == 1:
        return attrs.evolve(program, notes=(*program.notes, _no_effect(line)))
    findings = Findings()
    leaf = outermost_leaf(program, line.dim.leaves)
    found = () if leaf is None else slice_obstacles(program, leaf)
    if leaf is None or found:
        _refuse_dim(program, line, found, findings)
    elif program.sizes[leaf] % line.count:
        _refuse_count(program, line, leaf, findings)
    findings.stop_on_errors()
    leaves = () if leaf is None else tied_leaves(program, leaf)
    return one_slice(program, Slices(line.dim.name, leaves, line.count, line.span))


def outermost_leaf(program: Logical, leaves: tuple[str, ...]) -> str | None:
    """The factor along which a product is sliced: the first that is more than one element long."""
    return next((leaf for leaf in leaves if program.sizes[leaf] > 1), next(iter(leaves), None))


def legal_counts(size: int) -> tuple[int, ...]:
    """The numbers of equal slices of a dimension, from 1 up; of a huge one some are left out."""
    small = [d for d in range(1, min(isqrt(size), _LARGEST_TRIED) + 1) if size % d == 0]
    return tuple(dict.fromkeys((*small, *(size // d for d in reversed(small)))))


def _no_effect(line: Microbatches) -> Diagnostic:
    message = f"`microbatches 1 over {line.dim.name}` slices nothing: the step runs as a whole"
    return Diagnostic("HX0528", message, line.span, "warning")


def _refuse_count(program: Logical, line: Microbatches, leaf: str, findings: Findings) -> None:
    size = program.sizes[leaf]
    counts = [str(count) for count in legal_counts(size)[1:]]
    shown = ", ".join(counts[:_SHOWN_COUNTS]) + (", ..." if len(counts) > _SHOWN_COUNTS else "")
    single = line.dim.leaves == (leaf,)
    what = (
        f"`{line.dim.name}`" if single else f"`{leaf}`, the outermost factor of `{line.dim.name}`,"
    )
    message = f"{what} is {size}: {line.count} equal slices do not divide it"
    if counts:
        message += f"; legal: {shown}"
    findings.error("HX0528", message, line.span, legal=counts[:_SHOWN_COUNTS])


def _refuse_dim(
    program: Logical, line: Microbatches, found: tuple[Obstacle, ...], findings: Findings
) -> None:
    """Record why a dimension cannot be sliced, with a note at each operator that forbids it."""
    name = line.dim.name
    why = "not every operator works slice by slice" if found else "no value has it"
    findings.error(
        "HX0529",
        f"the step cannot run in slices of `{name}`: {why}",
        line.span,
        notes=[Note(obstacle.text, obstacle.span) for obstacle in found[:_SHOWN_OBSTACLES]],
        legal=tuple(_instead(program, line.count)),
    )


def _instead(program: Logical, count: int) -> Iterator[str]:
    """Lines that would be legal, with the number that was written where it divides."""
    for dim, size in sliceable(program):
        counts = legal_counts(size)
        legal = count if count in counts else counts[1]
        yield f"microbatches {legal} over {dim.name}"


def sliceable(program: Logical) -> Iterator[tuple[NamedDim, int]]:
    """The model's dimensions along which the step can run in slices, and of how many elements."""
    for dim in program.scopes[0].dims:
        leaf = outermost_leaf(program, dim.leaves)
        if leaf is not None and program.sizes[leaf] > 1 and not slice_obstacles(program, leaf):
            yield dim, program.sizes[leaf]


MICROBATCH = Pass(
    name="microbatch",
    run=microbatch,
    source=Logical,
    target=Logical,
    needs=frozenset(LOGICAL_FACTS),
)
