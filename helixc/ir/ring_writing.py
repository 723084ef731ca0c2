"""An attention as a ring: in every turn each GPU meets the block of keys that it holds, and passes it on.

    state = nothing
    repeat p - 1 { state = met with the block that is here; keys, values = those of the neighbour }
    state = met with the last block; result = values / sum

The state is the running maximum, the sum of powers and the values weighted by them; a larger maximum
rescales what is there (Milakov and Gimelshein, arXiv:1805.02867).  The maximum starts at a finite number, so a
block of which nothing is seen weighs nothing and is never "not a number".  In a kernel the state is one value, for
a kernel has one result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import attrs

from helixc.ir.logical import Carried, Op, Repeat, Statement
from helixc.ir.operator_writer import OperatorWriter
from helixc.ir.ops import (
    Cast,
    Cut,
    Filled,
    Fused,
    Joined,
    Number,
    Position,
    Renamed,
    Rolled,
)
from helixc.ir.plan import Place
from helixc.ir.ring_pattern import COPIES, NAME, Ring, RingPattern
from helixc.ir.rules import widest
from helixc.ir.tensor import TensorType

# Below every score that a 32-bit number can be, and finite.
LOWEST = -1e38


class State(NamedTuple):
    """Running maximum, sum of powers, weighted values."""

    largest: str
    total: str
    values: str


@attrs.frozen(kw_only=True)
class _Block:
    """What meets in one turn: the values that go round, as they are then, and which block of keys that is.

    ``state``: before the turn.  ``suffix``: what the copies of the model's operators are called by.
    """

    moving: tuple[str, ...]
    state: tuple[str, ...]
    place: tuple[str, ...]
    suffix: str


class RingWriter:
    """Writes one attention as a ring; ``types``, ``sizes`` and ``names`` are the program's, leaves divided."""

    def __init__(
        self,
        pattern: RingPattern,
        ring: Ring,
        types: Mapping[str, TensorType],
        sizes: Mapping[str, int],
        names: Mapping[str, tuple[Place, ...]],
        taken: set[str],
    ) -> None:
        self._pattern = pattern
        self._names = names
        self._ring = ring
        self._sizes = sizes
        self._made = pattern.found.made
        self._ops = OperatorWriter(types, taken, attrs.evolve(self._made, names=()), self._stem)
        self._fused = pattern.found.kernel is not None
        keys, scores = pattern.found.op.over, pattern.found.op.type
        self._keys = tuple(dim for dim in keys if dim != ring.key)
        dtype = widest(["f32", scores.dtype])
        self._rows = TensorType(dtype, tuple(dim for dim in scores.dims if dim not in keys))
        depth = (dim for dim in pattern.last.type.dims if dim not in self._rows.dims)
        self._values = TensorType(dtype, (*self._rows.dims, *depth))

    @property
    def _stem(self) -> str:
        return f"{self._made.result}.{NAME}"

    @property
    def _depth(self) -> tuple[str, ...]:
        return self._values.dims[len(self._rows.dims) :]

    @property
    def packed_size(self) -> int:
        """Elements of the state of one query in one kernel."""
        return 2 + prod(self._sizes[dim] for dim in self._depth)

    def statements(self) -> tuple[Statement, ...]:
        """What stands for the attention; the last statement makes its result."""
        ops = self._ops
        counts = any(self._is_place(op) for op in self._pattern.members)
        place = (ops.put("index", params=Position((self._ring.query,))),) if counts else ()
        first = _Block(
            moving=tuple(self._renamed(name) for name in self._pattern.moving),
            state=self._nothing(),
            place=place,
            suffix=COPIES[0],
        )
        before = tuple(ops.ops)
        repeat, last = self._repeat(first)
        ops.ops = []
        self._finish(ops, self._meet(ops, last))
        return (*before, repeat, *ops.ops)

    def _is_place(self, op: Op) -> bool:
        return isinstance(op.params, Position) and self._ring.key in op.params.dims

    def _outside(self, name: str) -> str:
        """The value of the program that a member reads by this name."""
        kernel = self._pattern.found.kernel
        if kernel is None or not isinstance(kernel.params, Fused):
            return name
        return dict(zip(kernel.params.inputs, kernel.reads, strict=True)).get(name, name)

    def _renamed(self, name: str) -> str:
        """Keys side by side with the queries of the GPU that they are on."""
        params = Renamed(((self._ring.key, self._ring.query),))
        return self._ops.put("rename", self._outside(name), params=params)

    def _called(self, name: str) -> Place:
        """What a value that goes round is called: as where the attention is written, but not that one."""
        value = self._outside(name)
        places = self._names.get(value, ())
        here = [place for place in places if place.scope == self._made.scope and place.name]
        called = next((place.name for place in places if place.name), value)
        return Place(self._ring.scope, here[0].name if here else called)

    # --- the state

    def _nothing(self) -> tuple[str, ...]:
        """The state before any key is met."""
        ops = self._ops
        if not self._fused:
            fills = (LOWEST, self._rows), (0.0, self._rows), (0.0, self._values)
            return tuple(ops.put("fill", params=Filled(value, type_)) for value, type_ in fills)
        inner, packed = ops.inside(), self._ring.packed
        type_ = TensorType(self._rows.dtype, (*self._rows.dims, packed))
        zeros = inner.put("fill", params=Filled(0.0, type_))
        first = inner.put("eq", inner.put("index", params=Position((packed,))), Number(0.0))
        inner.put("where", first, Number(LOWEST), zeros)
        return (ops.kernel(inner, "state"),)

    def _opened(self, ops: OperatorWriter, state: tuple[str, ...]) -> State:
        if not self._fused:
            return State(*state)
        (packed,) = state
        along = (self._ring.packed,)
        parts = ((), 0), ((), 1), (self._depth, 2)
        return State(*(ops.put("split", packed, params=Cut(along, dims, at)) for dims, at in parts))

    def _closed(self, ops: OperatorWriter, state: State) -> None:
        """The state as one value."""
        parts = (((), 1), ((), 1), (self._depth, self.packed_size - 2))
        ops.put("concat", *state, params=Joined((self._ring.packed,), parts))

    # --- the turns

    def _repeat(self, first: _Block) -> tuple[Repeat, _Block]:
        """The turns, and what there is after them for the last block."""
        outer = self._ops
        body = OperatorWriter(outer.types, outer.taken, outer.like, self._stem)
        names = (*first.moving, *first.state, *first.place)
        homes = [self._called(name) for name in self._pattern.moving]
        entries = [self._entry(body, name) for name in names]
        here = self._block(first, entries, COPIES[0])
        state = self._meet(body, here)
        passed = [
            body.put("roll", entry, over=(self._ring.query,), params=Rolled(1), home=home)
            for entry, home in zip(here.moving, homes, strict=True)
        ]
        rest = [*homes, *(Place(self._ring.scope) for _ in names[len(homes) :])]
        ends = (*passed, *state, *(self._before(body, name) for name in here.place))
        carried = tuple(
            Carried(entry, init, end, outer.fresh("after"), outer.types[init], (home,))
            for entry, init, end, home in zip(entries, names, ends, rest, strict=True)
        )
        outer.types.update((c.result, c.type) for c in carried)
        repeat = Repeat(
            trips=self._ring.count - 1,
            carried=carried,
            body=tuple(body.ops),
            scope=self._ring.scope,
            around=self._ring.query,
            span=self._made.span,
        )
        return repeat, self._block(first, [c.result for c in carried], COPIES[1])

    def _entry(self, body: OperatorWriter, init: str) -> str:
        name = body.fresh("here")
        body.types[name] = body.types[init]
        return name

    def _block(self, like: _Block, names: Sequence[str], suffix: str) -> _Block:
        moving, state = len(like.moving), len(like.moving) + len(like.state)
        return _Block(
            moving=tuple(names[:moving]),
            state=tuple(names[moving:state]),
            place=tuple(names[state:]),
            suffix=suffix,
        )

    def _before(self, ops: OperatorWriter, place: str) -> str:
        """Which block comes from the neighbour: the one before, round and round."""
        inner, query = ops.inside(), self._ring.query
        one_less = inner.put("sub", place, Number(1.0))
        inner.put("mod", one_less, Number(float(self._ring.count), (query,)))
        return ops.kernel(inner, "block")

    def _meet(self, ops: OperatorWriter, block: _Block) -> tuple[str, ...]:
        """The state after a turn."""
        if not self._fused:
            return tuple(self._turn(ops, block, self._opened(ops, block.state)))
        inner = ops.inside()
        self._closed(inner, self._turn(inner, block, self._opened(inner, block.state)))
        return (ops.kernel(inner, "state"),)

    def _turn(self, ops: OperatorWriter, block: _Block, state: State) -> State:
        """The members on one block of keys, and what they make of the state."""
        found = self._pattern.found
        known = dict(zip(self._pattern.moving, block.moving, strict=True))
        keep = ""
        for op in self._pattern.members:
            if op is found.op:
                scores = ops.wide(known[op.reads[0]])
                most = ops.put("max", scores, over=self._keys)
                largest = ops.put("maximum", state.largest, most)
                keep = ops.put("exp", ops.put("sub", state.largest, largest))
                powers = ops.put("exp", ops.put("sub", scores, largest))
                total = self._added(ops, state.total, keep, ops.put("sum", powers, over=self._keys))
                known[op.result] = ops.as_type(powers, op.type.dtype)
                state = State(largest, total, state.values)
            elif op is self._pattern.last:
                met = ops.wide(self._copy(ops, op, known, block.suffix, self._keys))
                state = state._replace(values=self._added(ops, state.values, keep, met))
            elif self._is_place(op):
                known[op.result] = self._place(ops, op, block)
            else:
                known[op.result] = self._copy(ops, op, known, block.suffix, op.over)
        return state

    def _added(self, ops: OperatorWriter, before: str, keep: str, met: str) -> str:
        return ops.put("add", ops.put("mul", before, keep), met)

    def _copy(
        self,
        ops: OperatorWriter,
        op: Op,
        known: Mapping[str, str],
        suffix: str,
        over: tuple[str, ...],
    ) -> str:
        """An operator of the model on what there is of its operands in a turn."""
        operands = tuple(
            known.get(o, self._outside(o)) if isinstance(o, str) else o for o in op.operands
        )
        names = () if op is self._pattern.last else op.names
        copied = attrs.evolve(op, operands=operands, over=over, names=names)
        return ops.add(copied, op.result + suffix)

    def _place(self, ops: OperatorWriter, op: Op, block: _Block) -> str:
        """The positions of the keys that are here, among all keys."""
        (place,), (_, *inner) = block.place, _position(op)
        size = prod(self._sizes[dim] for dim in inner)
        start = ops.put("mul", place, Number(float(size), tuple(inner)))
        return ops.put("add", start, ops.put("index", params=Position(tuple(inner))))

    def _finish(self, ops: OperatorWriter, state: tuple[str, ...]) -> None:
        """The result: the values over the sum of their weights, under the names that it had."""
        final = OperatorWriter(ops.types, ops.taken, self._made, self._stem)
        inner = final.inside() if self._fused else final
        last = self._opened(inner, state)
        dtype, name = self._made.type.dtype, "" if self._fused else self._made.result
        if dtype == self._rows.dtype:
            inner.put("div", last.values, last.total, name=name)
        else:
            quotient = inner.put("div", last.values, last.total)
            inner.put("cast", quotient, params=Cast(dtype), name=name)
        if self._fused:
            final.kernel(inner, name=self._made.result)
        ops.ops += final.ops


def _position(op: Op) -> tuple[str, ...]:
    return op.params.dims if isinstance(op.params, Position) else ()
