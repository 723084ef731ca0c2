"""Where the axes of many plans are cut: the atoms of each choice of axis sizes.

Plans of one structure differ only in the sizes of their mesh axes.  Cuts are found line by line with the
function of ``choice.cutting``, each time for the few axes that a line names, and remembered; so a plan
costs a few look-ups.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.choice.cutting import cut_axis
from helixc.choice.planning import Planner
from helixc.choice.waterfall import cut_points, order_leaves
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical
from helixc.ir.mesh import Atom, Axis
from helixc.ir.plan import Shard

Sizes = tuple[int, ...]
# The pieces of each axis, outermost first: none of an axis of size 1.
Pieces = tuple[Sizes, ...]


@attrs.define
class _Cutter:
    """A line as it meets values with these leaves: where it cuts its axes (their positions)."""

    line: Shard
    leaves: tuple[str, ...]
    axes: Sizes
    known: dict[Sizes, tuple[tuple[int, int], ...]] = attrs.Factory(
        dict[Sizes, tuple[tuple[int, int], ...]]
    )


class Cutters:
    """Cuts the axes of plans of one structure, whose sizes are given in the order of ``names``."""

    def __init__(self, program: Logical, names: tuple[str, ...]) -> None:
        self._program = program
        self._names = names
        self._cutters = list(self._find_cutters(Planner(program)))
        self._pieces: dict[tuple[int, frozenset[int]], Sizes | None] = {}
        self._known: dict[Sizes, Pieces | None] = {}

    def cut(self, sizes: Sizes) -> Pieces | None:
        """The sizes of the atoms of each axis; None where cuts do not nest."""
        if sizes not in self._known:
            self._known[sizes] = self._cut(sizes)
        return self._known[sizes]

    def _cut(self, sizes: Sizes) -> Pieces | None:
        cuts: dict[int, set[int]] = {}
        for cutter in self._cutters:
            own = tuple([sizes[i] for i in cutter.axes])
            found = cutter.known.get(own)
            if found is None:
                found = cutter.known[own] = self._cut_points(cutter, own)
            for axis, outer in found:
                cuts.setdefault(axis, set()).add(outer)
        pieces: list[Sizes] = []
        for axis, size in enumerate(sizes):
            own = self._pieces_of(size, frozenset(cuts.get(axis, ())))
            if own is None:
                return None
            pieces.append(own)
        return tuple(pieces)

    def _find_cutters(self, planner: Planner) -> Iterator[_Cutter]:
        blocks = self._program.plan.blocks
        seen: set[tuple[Shard, tuple[str, ...]]] = set()
        for subject in planner.subjects():
            for line in (line for b in subject.blocks for line in blocks[b].lines):
                if not isinstance(line, Shard):
                    continue
                leaves = tuple(order_leaves(line, subject.dims, planner.whole))
                if leaves and (line, leaves) not in seen:
                    seen.add((line, leaves))
                    yield _Cutter(line, leaves, tuple(map(self._names.index, line.axes)))

    def _cut_points(self, cutter: _Cutter, own: Sizes) -> tuple[tuple[int, int], ...]:
        axis_sizes = dict(zip(cutter.line.axes, own, strict=True))
        points = cut_points(cutter.line, cutter.leaves, self._program.sizes, axis_sizes)
        return tuple((self._names.index(axis), outer) for axis, outer in points)

    def _pieces_of(self, size: int, cuts: frozenset[int]) -> Sizes | None:
        key = (size, cuts)
        if key not in self._pieces:
            findings = Findings()
            atoms = cut_axis(Axis("axis", size), sorted(cuts), self._program, findings)
            nested = not findings.errors
            self._pieces[key] = tuple(atom.size for atom in atoms) if nested else None
        return self._pieces[key]


def atoms_of(names: tuple[str, ...], pieces: Pieces) -> tuple[Atom, ...]:
    """The atoms of axes with these names, named as ``choice.cutting`` names them."""
    atoms: list[Atom] = []
    for name, own in zip(names, pieces, strict=True):
        for number, piece in enumerate(own):
            atoms.append(Atom(name if len(own) == 1 else f"{name}.{number}", name, piece))
    return tuple(atoms)
