"""Mesh axes cut into atoms: the coarsest pieces that the plan's splits ask for.

Eight KV heads over sixteen GPUs take half an axis, and the other half goes to the next dimension of the
line.  From here on the mesh consists of the pieces; nothing later knows half an axis.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from helixc.choice.waterfall import cut_points, order_leaves
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.plan import Shard


def cut_axes(
    program: Logical,
    asked: Iterable[tuple[tuple[str, ...], tuple[int, ...]]],
    whole: frozenset[str],
    findings: Findings,
) -> Mesh:
    """The mesh with its axes cut; ``asked``: for each value its dimensions and the blocks that cover it."""
    plan = program.plan
    axis_sizes = {axis.name: axis.size for axis in plan.axes}
    cuts: dict[str, set[int]] = {axis.name: set() for axis in plan.axes}
    for dims, block in sorted({(dims, block) for dims, blocks in asked for block in blocks}):
        for line in plan.blocks[block].lines:
            if isinstance(line, Shard):
                leaves = order_leaves(line, dims, whole)
                for axis, cut in cut_points(line, leaves, program.sizes, axis_sizes):
                    cuts[axis].add(cut)
    atoms: list[Atom] = []
    for axis in plan.axes:
        atoms += cut_axis(axis, sorted(cuts[axis.name]), program, findings)
    return Mesh(axes=plan.axes, atoms=tuple(atoms))


def cut_axis(axis: Axis, cuts: list[int], program: Logical, findings: Findings) -> list[Atom]:
    """The atoms of one axis; ``cuts`` are the sizes of its outer pieces, ascending."""
    points = list(pairwise([1, *cuts, axis.size]))
    if any(outer % inner for inner, outer in points):
        sizes = " and ".join(f"{cut} x {axis.size // cut}" for cut in cuts)
        findings.error(
            "HX0520",
            f"the splits of this plan cut the mesh axis `{axis.name}` ({axis.size}) in ways that "
            f"do not nest: {sizes}",
            program.plan.span,
            legal=["declare two mesh axes and name them in the lines that need them"],
        )
        points = [(1, axis.size)]
    pieces = [outer // inner for inner, outer in points if outer > inner]
    if len(pieces) == 1:
        return [Atom(axis.name, axis.name, pieces[0])]
    return [Atom(f"{axis.name}.{i}", axis.name, piece) for i, piece in enumerate(pieces)]
