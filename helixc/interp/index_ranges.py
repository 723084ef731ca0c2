"""How large whole numbers may be that say where along a dimension, so that none of them lies outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from helixc.interp.site import product_size
from helixc.ir.logical import Logical, Op, walk
from helixc.ir.ops import OPS
from helixc.ir.rules import counts


def index_ranges(program: Logical) -> Mapping[str, int]:
    """For each value that places come from, the length of the shortest product that they lie along."""
    behind = _behind(program)
    ranges: dict[str, int] = {}
    for place, length in _places(program):
        found = [place]
        for name in found:
            ranges[name] = min(length, ranges.get(name, length))
            found += [other for other in behind.get(name, ()) if other not in found]
    return ranges


def _places(program: Logical) -> Iterator[tuple[str, int]]:
    """The operands that are places, and the lengths of the products that these lie along."""
    for op in program.makers.values():
        for position in OPS[op.kind].places:
            place = op.operands[position]
            if isinstance(place, str):
                yield place, product_size(program.sizes, op.over)


def _behind(program: Logical) -> Mapping[str, tuple[str, ...]]:
    """For each whole number the whole numbers that it is made of, places of other values left out."""
    found: dict[str, tuple[str, ...]] = {}
    for statement in walk(program.body):
        if isinstance(statement, Op):
            places = OPS[statement.kind].places
            read = (o for n, o in enumerate(statement.operands) if n not in places)
            found[statement.result] = tuple(name for name in read if isinstance(name, str))
        else:
            for value in statement.carried:
                found[value.entry] = (value.init, value.yields)
                found[value.result] = (value.init, value.yields)
    types = program.types
    return {
        value: tuple(name for name in names if counts(types[name].dtype))
        for value, names in found.items()
    }
