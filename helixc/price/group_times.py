"""How one group of GPUs runs a collective over the levels that it crosses: time, algorithm, narrowest level.

The outermost level that a group crosses decides: a switch or a network that was measured by its
constants, any other by latency and bandwidth alone, one ring per level from the outermost inwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import attrs

from helixc.ir.kernels import UNKNOWN_ERROR, NetworkConstants
from helixc.price.collective_times import (
    Route,
    exchange,
    exchange_across,
    reduces_in_switch,
    ring,
    ring_across,
    send_across,
    tree_across,
)
from helixc.price.elementary import SCALAR
from helixc.price.topology import GroupShape, Wire


@attrs.frozen
class Crossed:
    """A level that a group crosses: its wire, members of the group there, and the group inside each."""

    wire: Wire
    extent: int
    inside: int


@attrs.frozen
class GroupTime:
    """Seconds of one collective of one group.

    ``level``: the one that bounds it.  ``error``: relative error of nine out of ten measurements.
    """

    seconds: float
    algorithm: str
    level: str
    error: float = UNKNOWN_ERROR


NOTHING = GroupTime(0.0, "", "", 0.0)


def crossed_levels(shape: GroupShape, wires: Sequence[Wire]) -> tuple[Crossed, ...]:
    """The levels that a group crosses, outermost first."""
    found: list[Crossed] = []
    inside = prod(shape.extents)
    for extent, wire in zip(shape.extents, wires, strict=True):
        inside //= extent
        if extent > 1:
            found.append(Crossed(wire, extent, inside))
    return tuple(found)


def measured(level: Crossed) -> bool:
    """Whether the link of a level has constants."""
    return (level.wire.collectives or level.wire.network) is not None


def ring_time(passes: int, levels: Sequence[Crossed], own: float) -> GroupTime:
    """An all-gather or a reduce-scatter (one pass) or an all-reduce (two) with ``own`` bytes per rank."""
    if not levels:
        return NOTHING
    outermost = levels[0]
    if outermost.wire.network is not None:
        across = _across(passes, levels, outermost.wire.network, own)
        return _no_faster_than_inside(across, passes, levels, own)
    constants = outermost.wire.collectives
    if constants is None:
        return _rings(passes, levels, own)
    ranks = outermost.extent * outermost.inside
    seconds = ring(passes, own, ranks, constants, SCALAR)
    switched = reduces_in_switch(passes, constants) and ranks >= constants.nvls_ranks
    name = "in-switch" if switched and own > constants.switch else "ring"
    return GroupTime(seconds, name, outermost.wire.level, constants.error)


def _rings(passes: int, levels: Sequence[Crossed], own: float) -> GroupTime:
    """Rings from the outermost level inwards, while the blocks are small."""
    held = own
    parts: list[float] = []
    for level in levels:
        parts.append((level.extent - 1) * (level.wire.latency + held / level.wire.bandwidth))
        held *= level.extent
    name = "hierarchical ring" if len(levels) > 1 else "ring"
    return GroupTime(passes * sum(parts), name, _slowest(parts, levels))


def _slowest(parts: Sequence[float], levels: Sequence[Crossed]) -> str:
    return levels[parts.index(max(parts))].wire.level


def _across(
    passes: int, levels: Sequence[Crossed], constants: NetworkConstants, own: float
) -> GroupTime:
    """The faster of a ring and a tree through all nodes, past the narrowest place."""
    rates = [_rate(level) for level in levels]
    route = Route(
        ranks=levels[0].extent * levels[0].inside,
        rate=min(rates),
        depth=sum(_depth(level) for level in levels),
    )
    by_ring = ring_across(passes, own, route, constants, SCALAR)
    by_tree = tree_across(passes, own, route, constants, SCALAR)
    level = levels[rates.index(min(rates))].wire.level
    if by_tree < by_ring:
        return GroupTime(by_tree, "tree", level, constants.error)
    return GroupTime(by_ring, "ring", level, constants.error)


def _no_faster_than_inside(
    across: GroupTime, passes: int, levels: Sequence[Crossed], own: float
) -> GroupTime:
    """As many ranks behind one switch of the innermost kind would take no longer.

    Measurements across networks are of all-reduces; this keeps an all-gather, whose ranks copy their own
    part into the result, from being cheaper over two nodes than inside one.
    """
    innermost = levels[-1]
    if innermost.wire.collectives is None:
        return across
    ranks = levels[0].extent * levels[0].inside
    inside = ring(passes, own, ranks, innermost.wire.collectives, SCALAR)
    if inside <= across.seconds:
        return across
    return attrs.evolve(across, seconds=inside, level=innermost.wire.level)


def _rate(level: Crossed) -> float:
    """Bytes per second that a ring carries past a level: over the links of all ranks in a member."""
    wire = level.wire
    if wire.network is not None:
        return wire.network.reached * wire.bandwidth * level.inside
    return wire.bandwidth if wire.collectives is None else wire.collectives.simple_bandwidth


def _depth(level: Crossed) -> int:
    """Steps of a tree at one level: binary between nodes, a chain inside."""
    count = level.extent - 1
    return count.bit_length() if level.wire.network is not None else count


def exchange_time(levels: Sequence[Crossed], local_bytes: float) -> GroupTime:
    """An all-to-all in which each GPU sends an equal part of its block to every other member."""
    if not levels:
        return NOTHING
    ranks = levels[0].extent * levels[0].inside
    parts = [_exchange_at(level, local_bytes, ranks) for level in levels]
    constants = levels[0].wire.network or levels[0].wire.collectives
    if constants is None:
        return GroupTime(sum(parts), "pairwise", _slowest(parts, levels))
    # Network and switch carry their parts at the same time.
    return GroupTime(max(parts), "pairwise", _slowest(parts, levels), constants.error)


def _exchange_at(level: Crossed, local_bytes: float, ranks: int) -> float:
    wire, peers = level.wire, (level.extent - 1) * level.inside
    crossing = peers * local_bytes / ranks
    if wire.network is not None:
        return exchange_across(peers, crossing, wire.bandwidth, wire.network, SCALAR)
    if wire.collectives is not None:
        return exchange(local_bytes / ranks, peers + 1, wire.collectives, SCALAR)
    return (level.extent - 1) * wire.latency + crossing / wire.bandwidth


def send_time(levels: Sequence[Crossed], local_bytes: float) -> GroupTime:
    """Every block changes places at most once, over the slowest link that is crossed."""
    if not levels:
        return NOTHING
    parts = [_send_at(level.wire, local_bytes) for level in levels]
    slowest = levels[parts.index(max(parts))].wire
    constants = slowest.network or slowest.collectives
    error = UNKNOWN_ERROR if constants is None else constants.error
    return GroupTime(max(parts), "point-to-point", slowest.level, error)


def _send_at(wire: Wire, moved: float) -> float:
    if wire.network is not None:
        return send_across(moved, wire.bandwidth * wire.network.reached, wire.network)
    if wire.collectives is not None:
        rate = wire.collectives.direct_bandwidth or wire.bandwidth
        return wire.collectives.direct_base + moved / rate
    return wire.latency + moved / wire.bandwidth


LevelBytes = tuple[tuple[str, int], ...]


def ring_bytes(passes: int, levels: Sequence[Crossed], own: int) -> LevelBytes:
    """What a GPU receives over each level, on average over the group."""
    if not (levels and measured(levels[0])):
        return _rings_bytes(passes, levels, own)
    moved = passes * (levels[0].extent * levels[0].inside - 1) * own
    found: list[tuple[str, int]] = []
    outside = 0
    for level in levels:
        # One of so many members of a ring sits at the end of its node.
        passing = moved // level.inside
        found.append((level.wire.level, passing - outside))
        outside = passing
    return tuple(found)


def _rings_bytes(passes: int, levels: Sequence[Crossed], own: int) -> LevelBytes:
    held = own
    found: list[tuple[str, int]] = []
    for level in levels:
        found.append((level.wire.level, passes * (level.extent - 1) * held))
        held *= level.extent
    return tuple(found)


def exchange_bytes(levels: Sequence[Crossed], local_bytes: int) -> LevelBytes:
    """The same for an all-to-all."""
    ranks = levels[0].extent * levels[0].inside if levels else 1
    return tuple(
        (level.wire.level, -(-(level.extent - 1) * level.inside * local_bytes // ranks))
        for level in levels
    )


def send_bytes(levels: Sequence[Crossed], local_bytes: int) -> LevelBytes:
    """The same for blocks that change places: the outermost level that any of them crosses."""
    return tuple((level.wire.level, local_bytes) for level in levels[:1])
