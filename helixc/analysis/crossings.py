"""Which links the groups of a collective cross: the levels of the cluster, in words for people."""

from __future__ import annotations

import attrs

from helixc.ir.hardware import Cluster
from helixc.ir.mesh import Mesh
from helixc.price.topology import group_shapes


@attrs.frozen
class Crossing:
    """A level that a group spreads over: ``members`` of it take part; ``link`` is "" where none is named.

    A group that fills them unequally is priced as one flat ring (``GroupShape``); here it is told by the
    members that it can reach.
    """

    level: str
    link: str
    members: int

    @property
    def text(self) -> str:
        """``2 x node over ib_ndr400``."""
        return f"{self.members} x {self.level}" + (f" over {self.link}" if self.link else "")


def crossings(atoms: tuple[str, ...], mesh: Mesh, cluster: Cluster) -> tuple[Crossing, ...]:
    """The levels that groups over ``atoms`` cross, outermost first; the widest of unlike groups counts."""
    shapes = group_shapes(mesh, cluster, atoms)
    found: list[Crossing] = []
    for position, level in enumerate(cluster.levels):
        # A flat ring counts all its GPUs at one level, which has no more members than its size.
        members = min(level.size, max(shape.extents[position] for shape in shapes))
        if members > 1:
            link = "" if level.link is None else level.link.name
            found.append(Crossing(level.name, link, members))
    return tuple(found)
