"""What a plan splits padded dimensions over: the number whose next multiple a ``pad`` line fills up to.

A dimension that may be padded takes all that is left of the axes of a line, where another takes what divides
it; so this is the waterfall of ``choice.waterfall`` before axes are cut.
"""

from __future__ import annotations

from collections.abc import Collection
from math import gcd, lcm, prod

from helixc.choice.planning import Planner, Subject
from helixc.choice.waterfall import order_leaves
from helixc.ir.logical import Logical
from helixc.ir.plan import Replicate, Shard

# For each leaf of a value how many ways each axis splits it.
_Held = dict[str, dict[str, int]]


def multiples(program: Logical, padded: Collection[str]) -> dict[str, int]:
    """For each of these leaves what it has to be a multiple of."""
    planner = Planner(program)
    found = dict.fromkeys(padded, 1)
    for subject in planner.subjects():
        if found.keys() & set(subject.dims):
            held = _held(program, subject, padded, planner.whole)
            for leaf, ways in held.items():
                if leaf in found:
                    found[leaf] = lcm(found[leaf], prod(ways.values()))
    return found


def _held(
    program: Logical, subject: Subject, padded: Collection[str], whole: frozenset[str]
) -> _Held:
    """How the lines of a plan would split one value if these leaves could be split at will."""
    held: _Held = {dim: {} for dim in subject.dims}
    sizes = {axis.name: axis.size for axis in program.plan.axes}
    for line in (line for b in subject.blocks for line in program.plan.blocks[b].lines):
        if isinstance(line, Replicate):
            listed = {leaf for ref in line.dims for leaf in ref.leaves}
            for dim in held:
                held[dim] = {} if not line.dims or dim in listed else held[dim]
        elif isinstance(line, Shard):
            left = {axis: sizes[axis] for axis in line.axes}
            for leaf in order_leaves(line, subject.dims, whole):
                _take(held, leaf, left, None if leaf in padded else program.sizes[leaf])
    return held


def _take(held: _Held, leaf: str, left: dict[str, int], room: int | None) -> None:
    """Let a leaf take what it can of what is left of each axis; ``room``: its size, None for a padded one."""
    if room is not None:
        room //= gcd(room, prod(w for axis, w in held[leaf].items() if axis not in left))
    for axis, ways in left.items():
        piece = ways if room is None else gcd(room, ways)
        if piece == 1:
            continue
        for other in held.values():
            if other is not held[leaf]:
                other.pop(axis, None)
        held[leaf][axis] = piece
        left[axis] //= piece
        room = None if room is None else room // piece
