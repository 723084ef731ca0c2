"""The factor rule of a kernel of several operators, from the rules of its members.

Wherever a member ties a dimension of one value to one of another, the two are one.  What comes of
splitting such a *tie* follows from what its members do with it: it passes if all pass it on; it leaves
the result partial if what comes after its contraction is linear; else the kernel needs it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

import attrs

from helixc.ir.factors import Factor, counted_dims, own_factors
from helixc.ir.ops import OPS, Fused, Number, Op, OpRow, Tag
from helixc.ir.tensor import NUMBER, TensorType

# A dimension of a value inside a kernel.
Spot = tuple[str, str]
# All spots that are one dimension, in order of appearance.
Tie = tuple[Spot, ...]


@attrs.frozen(eq=False, slots=False)
class Kernel:
    """A kernel on operands of given types: the rule of each member, and the rule of the whole.

    ``types`` are those of the operands and members, by their names inside.
    """

    fused: Fused
    types: Mapping[str, TensorType]

    @property
    def result(self) -> str:
        """The name of the result inside."""
        return self.fused.body[-1].result

    @cached_property
    def rules(self) -> tuple[tuple[Factor, ...], ...]:
        """The factor rule of each member."""
        return tuple(
            own_factors(op.kind, self.operands(op), op.type, op.over, op.params)
            for op in self.fused.body
        )

    def operands(self, op: Op) -> tuple[TensorType, ...]:
        """The types of a member's operands."""
        return tuple(NUMBER if isinstance(o, Number) else self.types[o] for o in op.operands)

    @cached_property
    def ties(self) -> tuple[Tie, ...]:
        """The spots, each in the tie that it belongs to."""
        leader = {
            (value, dim): (value, dim) for value, type_ in self.types.items() for dim in type_.dims
        }

        def find(spot: Spot) -> Spot:
            while leader[spot] != spot:
                spot = leader[spot]
            return spot

        for op, rule in zip(self.fused.body, self.rules, strict=True):
            for factor in rule:
                first, *others = _spots(op, factor)
                for other in others:
                    leader[find(other)] = find(first)
        groups: dict[Spot, list[Spot]] = {}
        for spot in leader:
            groups.setdefault(find(spot), []).append(spot)
        return tuple(tuple(group) for group in groups.values())

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """The factor rule of the kernel."""
        return tuple(factor for factor, _ in self._named)

    @cached_property
    def names(self) -> Mapping[Spot, str]:
        """The factor of the kernel that each spot belongs to, by name."""
        return {spot: factor.name for factor, tie in self._named for spot in tie}

    @property
    def inner_dims(self) -> tuple[str, ...]:
        """Dimensions that are made and used up inside: no operand has them, nor the result."""
        return tuple(f.name for f in self.factors if f.result is None and not any(f.operands))

    def names_of(self, op: Op) -> tuple[str, ...]:
        """The factors of the kernel that a member works on, each once, in the order of its own rule."""
        rule = self.rules[self.fused.body.index(op)]
        return tuple(dict.fromkeys(self.names[next(_spots(op, factor))] for factor in rule))

    @cached_property
    def _named(self) -> tuple[tuple[Factor, Tie], ...]:
        split = [part for tie in self.ties for part in _one_each(tie)]
        names = self._choose_names(split)
        whole = {part for tie in self.ties if len(parts := _one_each(tie)) > 1 for part in parts}
        return tuple(
            (self._factor(name, "whole" if tie in whole else self._tag(tie), tie), tie)
            for name, tie in zip(names, split, strict=True)
        )

    def _choose_names(self, ties: Sequence[Tie]) -> list[str]:
        """The dimension of the result where the tie has one, else one that is free, else as ``q.head_dim``."""
        names = [_dim_of(self.result, tie) or "" for tie in ties]
        taken = {name for name in names if name}
        for position, tie in enumerate(ties):
            if not names[position]:
                owned = [f"{value}.{dim}" for value, dim in tie]
                numbered = [f"{owned[0]}~{n}" for n in range(2, len(ties) + 2)]
                free = [*(dim for _, dim in tie), *owned, *numbered]
                names[position] = next(name for name in free if name not in taken)
                taken.add(names[position])
        return names

    def _factor(self, name: str, tag: Tag, tie: Tie) -> Factor:
        operands = tuple(_dim_of(value, tie) for value in self.fused.inputs)
        return Factor(name, tag, operands, _dim_of(self.result, tie))

    def _tag(self, tie: Tie) -> Tag:
        """What splitting a tie does, by following it through the members in order."""
        spots = frozenset(tie)
        partial: set[str] = set()
        kinds: set[Tag] = set()
        positions = False
        for op, rule in zip(self.fused.body, self.rules, strict=True):
            own = [f for f in rule if spots.intersection(_spots(op, f))]
            through = [i for i, operand in enumerate(op.operands) if operand in partial]
            if any(f.tag == "whole" or f.turn for f in own) or (own and through):
                return "whole"
            kinds.update(f.tag for f in own if f.tag != "pass")
            positions |= any(factor.name in counted_dims(op) for factor in own)
            if through and not _passes(OPS[op.kind], op, through, kinds):
                return "whole"
            if through or any(factor.result is None for factor in own):
                partial.add(op.result)
        held = _dim_of(self.result, tie) is not None
        if not kinds:
            return "pass" if held else "whole"
        # A member that counts along the dimension knows its place only where the result has it.
        legal = len(kinds) == 1 and self.result in partial and not held and not positions
        return kinds.pop() if legal else "whole"


def _spots(op: Op, factor: Factor) -> Iterator[Spot]:
    """Where a factor of a member stands: in its operands, in its result."""
    for operand, dim in zip(op.operands, factor.operands, strict=True):
        if dim is not None and isinstance(operand, str):
            yield operand, dim
    if factor.result is not None:
        yield op.result, factor.result


def _one_each(tie: Tie) -> tuple[Tie, ...]:
    """The tie; where some value has two dimensions in it, one part for each name of a dimension."""
    values = [value for value, _ in tie]
    if len(set(values)) == len(values):
        return (tie,)
    dims = dict.fromkeys(dim for _, dim in tie)
    return tuple(tuple(spot for spot in tie if spot[1] == dim) for dim in dims)


def _dim_of(value: str, tie: Tie) -> str | None:
    return next((dim for owner, dim in tie if owner == value), None)


def _passes(row: OpRow, op: Op, through: list[int], kinds: set[Tag]) -> bool:
    """Whether a member is linear in the operands that are partial, the others being whole."""
    if kinds != {"sum"} and not row.keeps_order:
        return False
    match row.linear:
        case "each":
            return len(through) == 1
        case "joint":
            return len(through) == len(op.operands)
        case "first":
            return through == [0]
        case "none":
            return False


@lru_cache(maxsize=4096)
def kernel_of(fused: Fused, operand_types: tuple[TensorType, ...]) -> Kernel:
    """A kernel on operands of these types; ``ValueError`` where their number does not fit."""
    types = dict(zip(fused.inputs, operand_types, strict=True))
    types.update((op.result, op.type) for op in fused.body)
    return Kernel(fused, types)
