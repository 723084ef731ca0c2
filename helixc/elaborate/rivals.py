"""Two lines of one block that ask for one axis on two dimensions of one value: which one is meant?

Between blocks precedence decides; within one it cannot, so the plan has to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd

import attrs

from helixc.diagnostics import Findings, Note
from helixc.elaborate.places import Known, Places
from helixc.ir.mesh import Axis
from helixc.ir.plan import Block, DimRef, Replicate, Shard


@attrs.frozen
class _Claim:
    """A dimension that a line splits over an axis."""

    axis: str
    leaves: frozenset[str]
    dim: DimRef
    line: Shard


def report_rivals(block: Block, places: Places, axes: tuple[Axis, ...], findings: Findings) -> None:
    """Record two lines of one block that give one axis to two dimensions of one value."""
    if sum(isinstance(line, Shard) for line in block.lines) <= 1:
        return
    ways = {axis.name: axis.size for axis in axes}
    values = places.members(block.places)
    claims: list[_Claim] = []
    for line in block.lines:
        if isinstance(line, Replicate):
            claims = _taken_back(claims, line)
        if not isinstance(line, Shard):
            continue
        new = _claims(line, ways, places.sizes)
        for claim in new:
            if _report_rival(claim, claims, values, findings):
                break
        claims += new


def _claims(line: Shard, ways: Mapping[str, int], sizes: Mapping[str, int]) -> list[_Claim]:
    claims: list[_Claim] = []
    for axis in line.axes:
        for dim in line.dims:
            able = frozenset(leaf for leaf in dim.leaves if gcd(sizes[leaf], ways[axis]) > 1)
            claims.append(_Claim(axis, able, dim, line))
    return claims


def _taken_back(claims: list[_Claim], line: Replicate) -> list[_Claim]:
    if not line.dims:
        return []
    gone = {leaf for dim in line.dims for leaf in dim.leaves}
    return [attrs.evolve(claim, leaves=claim.leaves - gone) for claim in claims]


def _report_rival(
    claim: _Claim, earlier: list[_Claim], values: tuple[Known, ...], findings: Findings
) -> bool:
    for rival in earlier:
        if rival.axis != claim.axis or rival.dim.name == claim.dim.name:
            continue
        for value in values:
            dims = value.type.dims
            if not claim.leaves.isdisjoint(dims) and not rival.leaves.isdisjoint(dims):
                _report_pair(claim, rival, value, findings)
                return True
    return False


def _report_pair(claim: _Claim, rival: _Claim, value: Known, findings: Findings) -> None:
    name = f"`{value.names[0].name}`" if value.names[0].name else "a value here"
    listed = tuple(dict.fromkeys(dim.name for dim in (*claim.line.dims, *rival.line.dims)))
    mend = f"shard {', '.join(listed)} over {', '.join(claim.line.axes)}"
    message = (
        f"{name} has both `{rival.dim.name}` and `{claim.dim.name}`, and the axis `{claim.axis}` "
        f"serves one; put one in an inner block, or `{mend}`"
    )
    note = Note(f"`{rival.dim.name}` takes `{rival.axis}` here", rival.line.span)
    findings.error("HX0511", message, claim.line.span, notes=[note], legal=[mend])
