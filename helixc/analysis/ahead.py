"""How far ahead weights are gathered that are kept in slices.

A gather of a weight waits for nothing, so whoever starts what can start would bring all weights of a program
at once and keep them all, which is what slices are to avoid.  So the weights of a call are not gathered
before those of the third call ahead of it have been read for the last time: the copies of three calls at most
are there, those in use and those of the two that come next.  That is the limit of PyTorch's FSDP (Zhao et
al., PVLDB 16(12), 2023, section 3.4) with calls for its units, of which a norm is one too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from helixc.analysis.layers import call_of
from helixc.ir.logical import Op, Scope

AHEAD = 2


class Brought(NamedTuple):
    """A statement of a body: what it reads and gives.

    ``unit``: of a copy of a weight the call that it belongs to, else None.  ``gathers``: it is a collective.
    """

    reads: tuple[str, ...]
    gives: tuple[str, ...]
    unit: Hashable | None
    gathers: bool


def unit_of(weight: Op, scopes: tuple[Scope, ...]) -> Hashable:
    """What a weight is gathered together with: those of one call; in no call it is alone."""
    call = call_of(scopes, weight.scope)
    return weight.result if call is None else call


def held_back(body: Sequence[Brought]) -> list[tuple[str, ...]]:
    """For each statement the values for which it waits, besides those that it reads."""
    copies = {value: one.unit for one in body for value in one.gives if one.unit is not None}
    units = list(dict.fromkeys(one.unit for one in body if one.gathers and one.unit is not None))
    before = {unit: units[place - AHEAD - 1] for place, unit in enumerate(units) if place > AHEAD}
    last = {copies[v]: place for place, one in enumerate(body) for v in one.reads if v in copies}
    waits: list[tuple[str, ...]] = []
    for place, one in enumerate(body):
        earlier = before.get(one.unit) if one.gathers and one.unit is not None else None
        reader = -1 if earlier is None else last.get(earlier, -1)
        waits.append(body[reader].gives if 0 <= reader < place else ())
    return waits
