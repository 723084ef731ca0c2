"""Which blocks of a plan speak of which values, in order of precedence.

A block covers every value at home in its scopes, and every value that goes by one of its names.  The
order of ``plan.blocks`` is the order of precedence, so blocks are named by their index and sorted.
"""

from __future__ import annotations

from collections.abc import Iterable

from helixc.ir.logical import Carried, Logical, Op, ancestors
from helixc.ir.plan import Place


class Coverage:
    """Looks up the blocks that cover a scope, a value, or the place where an operator is written."""

    def __init__(self, program: Logical) -> None:
        self._scopes = program.scopes
        self._in_scope: dict[int, list[int]] = {}
        self._by_name: dict[Place, list[int]] = {}
        for index, block in enumerate(program.plan.blocks):
            for place in block.places:
                if place.name:
                    self._by_name.setdefault(place, []).append(index)
                else:
                    self._in_scope.setdefault(place.scope, []).append(index)
        self._enclosing: dict[int, tuple[int, ...]] = {}

    def of_scope(self, scope: int) -> tuple[int, ...]:
        """Blocks that cover everything in a scope."""
        if scope not in self._enclosing:
            found = {
                index
                for outer in ancestors(self._scopes, scope)
                for index in self._in_scope.get(outer, ())
            }
            self._enclosing[scope] = tuple(sorted(found))
        return self._enclosing[scope]

    def of_names(self, names: tuple[Place, ...]) -> tuple[int, ...]:
        """Blocks that speak of a value by name."""
        found = {index for name in names for index in self._by_name.get(name, ())}
        return tuple(sorted(found))

    def of_value(self, value: Op | Carried) -> tuple[int, ...]:
        """Blocks whose lines apply to a value: where it is at home, and what it is called."""
        around = self.of_scope(value.home.scope)
        named = self.of_names(value.names)
        return tuple(sorted({*around, *named})) if named else around

    def of_operator(self, op: Op) -> tuple[int, ...]:
        """Blocks that hold the operator itself: where it is written, and what its result is called."""
        around = self.of_scope(op.scope)
        named = self.of_names(op.names)
        return tuple(sorted({*around, *named})) if named else around


def dims_within(program: Logical, blocks: Iterable[int]) -> dict[str, tuple[str, ...]]:
    """The dimensions of the values that some blocks of a plan speak of: their names and leaves.

    A name for a number alone (``past`` tokens in a cache) is none: no value has it.
    """
    coverage, own = Coverage(program), set(blocks)
    reached = [op for op in program.makers.values() if own & set(coverage.of_value(op))]
    leaves = {leaf for op in reached for leaf in op.type.dims}
    named: dict[str, tuple[str, ...]] = {}
    for dim in (dim for scope in reversed(program.scopes) for dim in scope.dims):
        if dim.leaves and set(dim.leaves) <= leaves:
            named.setdefault(dim.name, dim.leaves)
    return named
