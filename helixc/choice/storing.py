"""What ``store`` lines make of a weight: its layout at rest, from the planned one in which it is used.

At rest a weight is cut further, over all axes of the lines that its planned layout leaves free, innermost on
one dimension: the one with most left that they divide, of equals the first declared.  One dimension, so
that one all-gather brings it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from helixc.choice.waterfall import Outcome
from helixc.diagnostics import Findings
from helixc.ir.layout import Layout, make_layout
from helixc.ir.logical import Logical, Op
from helixc.ir.mesh import Mesh
from helixc.ir.plan import Line, Replicate, Store

# Legal sizes listed for a dimension where none divides.
_SHOWN_SIZES = 12


@attrs.frozen
class StoreLine:
    """A ``store`` line and where it stands: the numbers of its block and of the line there."""

    line: Store
    key: tuple[int, int]


def add_store_line(found: list[StoreLine], line: Line, key: tuple[int, int]) -> None:
    """Take note of a line that covers a weight; ``replicate all`` takes earlier ones back."""
    if isinstance(line, Store):
        found.append(StoreLine(line, key))
    elif isinstance(line, Replicate) and not line.dims:
        found.clear()


@attrs.frozen
class Stored:
    """The layouts of a weight, in use and at rest, and the line behind each atom that only the latter has."""

    in_use: Layout
    at_rest: Layout
    holders: Mapping[str, Store] = attrs.Factory(dict[str, Store])

    @property
    def atoms(self) -> tuple[str, ...]:
        """What it is gathered over when it is used."""
        return tuple(self.holders)


class Storing:
    """Stores the weights of a program on one mesh; ``outcomes`` are by block and line."""

    def __init__(
        self,
        program: Logical,
        mesh: Mesh,
        outcomes: dict[tuple[int, int], Outcome],
        findings: Findings,
    ) -> None:
        self.program = program
        self.mesh = mesh
        self.findings = findings
        self.outcomes = outcomes

    def store(self, op: Op, planned: Layout, lines: Sequence[StoreLine]) -> Stored:
        """A weight at rest; a finding is recorded where no dimension takes the atoms."""
        holders = self._holders(planned, lines)
        atoms = tuple(holders)
        splits = [(dim, planned.atoms_of(dim)) for dim in op.type.dims]
        sizes = self.program.sizes
        fitting = [s for s in splits if self.mesh.divides((*s[1], *atoms), sizes[s[0]])]
        if not holders:
            return Stored(planned, planned)
        if not fitting:
            self._refuse(op, planned, holders)
            return Stored(planned, planned)
        longest = self.mesh.longest([(sizes[dim], split) for dim, split in fitting])
        dim, split = fitting[longest]
        layout = make_layout(
            {**dict(planned.split), dim: (*split, *atoms)}, planned.partial, planned.kind
        )
        return Stored(planned, layout, holders)

    def _holders(self, planned: Layout, lines: Sequence[StoreLine]) -> dict[str, Store]:
        """The atoms that these lines have and a planned layout leaves free, each with its line."""
        used = planned.used
        holders: dict[str, Store] = {}
        for entry in lines:
            own = [a for axis in entry.line.axes for a in self.mesh.axis_atoms(axis)]
            taken = {a: entry.line for a in own if a not in used and a not in holders}
            outcome = self.outcomes.setdefault(entry.key, Outcome())
            outcome.met = True
            outcome.held |= bool(taken)
            holders |= taken
        return holders

    def _refuse(self, op: Op, planned: Layout, holders: Mapping[str, Store]) -> None:
        line = list(holders.values())[-1]
        sizes, ways = self.program.sizes, self.mesh.ways
        name = op.home.name
        left = {dim: sizes[dim] // ways(planned.atoms_of(dim)) for dim in op.type.dims}
        shown = ", ".join(f"{dim} {size}" for dim, size in left.items()) or "one number"
        axes = " and ".join(f"`{axis}`" for axis in line.axes)
        self.findings.error(
            "HX0533",
            f"no dimension of weight `{name}` [{shown}] divides into the "
            f"{ways(tuple(holders))} slices in which it would be kept over {axes}",
            line.span,
            legal=[
                *map(_legal_sizes, left, left.values()),
                f"`in {name} {{ replicate all }}` keeps it whole",
            ],
        )


def _legal_sizes(dim: str, size: int) -> str:
    legal = [str(ways) for ways in range(1, min(size, 4096) + 1) if size % ways == 0]
    more = ", ..." if len(legal) > _SHOWN_SIZES else ""
    return f"slices of `{dim}`: {', '.join(legal[:_SHOWN_SIZES])}{more}"
