"""Which links a group of GPUs crosses: the shape of a group on the cluster's levels.

Groups of one step all have the same size but not always the same shape: over ``b`` of a 3 x 5 mesh on
nodes of 8 the groups are 0-4 (one node), 5-9 (two nodes, 3 + 2) and 10-14.  Where mesh and levels nest,
all groups are alike and the shape is computed without looking at a single GPU.
"""

from __future__ import annotations

import attrs

from helixc.ir.hardware import Cluster, Level, Link
from helixc.ir.kernels import CollectiveConstants, NetworkConstants, Source
from helixc.ir.mesh import Mesh


@attrs.frozen
class Wire:
    """What one GPU gets at one level: latency in seconds, bandwidth in bytes/s and direction.

    ``collectives``, ``network``: the constants of the link, if it has any, with rates as one GPU gets them;
    ``source``: where they come from.
    """

    level: str
    latency: float
    bandwidth: float
    collectives: CollectiveConstants | None = None
    network: NetworkConstants | None = None
    source: Source = "assumed"


@attrs.frozen
class GroupShape:
    """How a group lies on the levels of a cluster.

    ``extents``: members of the group at each level, outermost first, each inside one member of the
    level above.  ``uneven``: the group fills its members unequally; then only the product of extents
    (its size) and the outermost level that it crosses mean something.
    """

    extents: tuple[int, ...]
    uneven: bool = False


def wires(cluster: Cluster) -> tuple[Wire, ...]:
    """What one GPU gets at each level, outermost first."""
    found: list[Wire] = []
    inside = cluster.gpus
    for level in cluster.levels:
        inside //= level.size
        if level.link is None:
            found.append(Wire(level.name, latency=0.0, bandwidth=float("inf")))
        else:
            found.append(_wire(level, level.link, inside))
    return tuple(found)


def _wire(level: Level, link: Link, inside: int) -> Wire:
    bandwidth = link.bandwidth / level.oversubscribed
    if level.links is not None:
        # The links of one member are shared by all GPUs inside it, which send at once.
        bandwidth *= level.links / max(inside, 1)
    shared = _shared(link.collectives, bandwidth / link.bandwidth)
    return Wire(level.name, link.latency, bandwidth, shared, link.network, link.constants_source)


def _shared(constants: CollectiveConstants | None, share: float) -> CollectiveConstants | None:
    """The constants with every rate of the link, but not that of copying, times ``share``."""
    if constants is None or share == 1:
        return constants
    rates = {
        field.name: getattr(constants, field.name) * share
        for field in attrs.fields(CollectiveConstants)
        if field.name.endswith("_bandwidth")
    }
    return attrs.evolve(constants, **rates)


def group_shapes(mesh: Mesh, cluster: Cluster, atoms: tuple[str, ...]) -> tuple[GroupShape, ...]:
    """The distinct shapes of the groups over ``atoms``, in a stable order."""
    bounds = _bounds(cluster)
    if all(_nests(mesh, bound) for bound in bounds):
        return (_nested_shape(mesh, bounds, atoms),)
    shapes = {_listed_shape(group, bounds) for group in mesh.groups(atoms)}
    return tuple(sorted(shapes, key=lambda shape: (shape.extents, shape.uneven)))


def _bounds(cluster: Cluster) -> tuple[int, ...]:
    """GPUs inside one member of each level, outermost first: the last is 1."""
    bounds: list[int] = []
    inside = cluster.gpus
    for level in cluster.levels:
        inside //= level.size
        bounds.append(inside)
    return tuple(bounds)


def _nests(mesh: Mesh, bound: int) -> bool:
    for atom in mesh.atoms:
        stride = mesh.strides[atom.name]
        reach = stride * atom.size
        if bound <= stride:
            nested = stride % bound == 0
        elif bound >= reach:
            nested = bound % reach == 0
        else:
            nested = bound % stride == 0 and reach % bound == 0
        if not nested:
            return False
    return True


def _nested_shape(mesh: Mesh, bounds: tuple[int, ...], atoms: tuple[str, ...]) -> GroupShape:
    extents: list[int] = []
    outer = max(mesh.devices, bounds[0]) if bounds else mesh.devices
    for bound in bounds:
        extent = 1
        for atom in atoms:
            stride = mesh.strides[atom]
            low = max(stride, bound)
            high = min(stride * mesh.sizes[atom], outer)
            if high > low:
                extent *= high // low
        extents.append(extent)
        outer = bound
    return GroupShape(extents=tuple(extents))


def _listed_shape(group: tuple[int, ...], bounds: tuple[int, ...]) -> GroupShape:
    extents: list[int] = []
    members = {0: list(group)}
    for bound in bounds:
        inner: dict[int, list[int]] = {}
        for gpus in members.values():
            for gpu in gpus:
                inner.setdefault(gpu // bound, []).append(gpu)
        counts = {len({gpu // bound for gpu in gpus}) for gpus in members.values()}
        filled = {len(gpus) for gpus in inner.values()}
        if len(counts) > 1 or len(filled) > 1:
            # Unequal below this level: a flat ring over the slowest link that it crosses.
            flat = (len(group),) + (1,) * (len(bounds) - len(extents) - 1)
            return GroupShape(extents=(*extents, *flat), uneven=True)
        extents.append(counts.pop())
        members = inner
    return GroupShape(extents=tuple(extents))
