"""A plan as resolved against a model: its lines, and the places in the model each one speaks of.

The elaborator has already looked up every name: a dimension is the leaves it stands for, a path is
the scopes and named values it reaches.  Precedence is textual and lives in the order of ``blocks``:
later beats earlier, and inner blocks come after the block that holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from helixc.diagnostics import NOWHERE, Span
from helixc.ir.mesh import Axis

# What may stand behind ``via``.
WAYS = ("all_reduce", "all_gather", "all_to_all", "weights", "ring")


@attrs.frozen
class Place:
    """Somewhere in a program: a scope with all that is in it, or the values of one name there."""

    scope: int
    name: str = ""


@attrs.frozen
class DimRef:
    """A dimension named in a plan: its leaves, outermost first (of every dimension so named)."""

    name: str
    leaves: tuple[str, ...]


@attrs.frozen
class Shard:
    """``shard dims over axes [via way]``: a waterfall of the axes over the dimensions."""

    dims: tuple[DimRef, ...]
    axes: tuple[str, ...]
    via: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Replicate:
    """``replicate dims`` takes back what earlier lines split; no dimension means ``all``."""

    dims: tuple[DimRef, ...] = ()
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Pad:
    """``pad dims`` fills each up to the next multiple of what the plan splits it over."""

    dims: tuple[DimRef, ...]
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Store:
    """``store weights over axes``: kept in slices over these too, gathered where they are used."""

    axes: tuple[str, ...]
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Local:
    """``local VALUE over axes``: each slice's partial value is taken as final (approximate)."""

    name: str
    places: tuple[Place, ...]
    axes: tuple[str, ...]
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class PartialOver:
    """``partial over axes``: hold the value as a partial sum."""

    axes: tuple[str, ...]
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Strict:
    """``strict``: no departure from planned layouts here."""

    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class KeepWeights:
    """``keep weights``: this block's splits leave the weights whole."""

    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Label:
    """``label NAME``: the suffix of the drawings of the layers here."""

    name: str
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Microbatches:
    """``microbatches count over dim``: the step runs in so many slices, one after the other."""

    count: int
    dim: DimRef
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Fuse:
    """``fuse PATHS``: each layer named is one kernel, as is what makes the values named."""

    path: str
    places: tuple[Place, ...]
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


Line = (
    Shard
    | Replicate
    | Pad
    | Store
    | Local
    | PartialOver
    | Strict
    | KeepWeights
    | Label
    | Microbatches
    | Fuse
)


@attrs.frozen
class Approximation:
    """What a ``local`` line has made of the model.

    ``dim`` is ``segment`` x ``inner``, and in ``value`` only ``inner`` is summed over, so that segments
    count like one more head each.
    """

    value: str
    dim: str
    segment: str
    inner: str
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Slices:
    """What a ``microbatches`` line has made of the model: the program of one of ``count`` slices.

    ``dim`` is what the plan calls the dimension.  ``leaves`` are sliced alike: the outermost leaf that
    it stands for, and those that renames tie to it.  Their sizes in the program are those of a slice.
    """

    dim: str
    leaves: tuple[str, ...]
    count: int
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Block:
    """One block of a plan; ``parent`` is the index of the block that holds it, -1 for the outermost."""

    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    parent: int = -1
    path: str = ""
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)


@attrs.frozen
class Plan:
    """The mesh, and the blocks in order of precedence (an inner block after its parent)."""

    name: str
    axes: tuple[Axis, ...]
    blocks: tuple[Block, ...] = ()
    span: Span = attrs.field(default=NOWHERE, eq=False, repr=False)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of all blocks, in order."""
        return tuple(line for block in self.blocks for line in block.lines)

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The ``shard`` lines of all blocks, in order."""
        return tuple(line for line in self.lines if isinstance(line, Shard))

    @property
    def microbatches(self) -> Microbatches | None:
        """The line that cuts the step into slices; there is one at most."""
        return next((line for line in self.lines if isinstance(line, Microbatches)), None)

    def with_lines(self, change: Callable[[Line], Line]) -> Plan:
        """The plan in which each line is what ``change`` makes of it."""
        blocks = (attrs.evolve(b, lines=tuple(map(change, b.lines))) for b in self.blocks)
        return attrs.evolve(self, blocks=tuple(blocks))

    def with_ways(self, lines: Iterable[Shard], way: str) -> Plan:
        """The plan in which these lines, the very objects, go by another way (``via``)."""
        chosen = {id(line) for line in lines}

        def change(line: Line) -> Line:
            known = isinstance(line, Shard) and id(line) in chosen
            return attrs.evolve(line, via=way) if known else line

        return self.with_lines(change)
