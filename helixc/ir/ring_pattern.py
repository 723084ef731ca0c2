"""Attention that can be worked out a block of keys at a time: which operators meet keys, and what must go round.

A softmax over keys, what makes its scores, and the sum of values by its weights.  Keys go round a ring of
GPUs while queries stay, so every value with keys but without queries must move on, and no value from
outside may have both.  After Liu, Zaharia and Abbeel, Ring Attention with Blockwise Transformers,
arXiv:2310.01889.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.diagnostics import Span
from helixc.ir.logical import Logical, Op, Repeat, walk
from helixc.ir.ops import OPS, Cut, Fused, Joined, Position, Renamed
from helixc.ir.tensor import NUMBER, TensorType

# What the copies of an operator are called by: in the turns of a ring, and for the last block.
COPIES = (".turn", ".last")


# What the repeat is called, and what its values' names begin with.
NAME = "ring"


def original(value: str) -> str:
    """The value of the model that an operator's result is a block of, or the value itself."""
    for suffix in COPIES:
        value = value.removesuffix(suffix)
    return value


class NotARing(Exception):
    """Why an attention cannot go round a ring, in words; ``span``: what forbids it."""

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self.span = span
        super().__init__(text)


@attrs.frozen(eq=False)
class Softmax:
    """A softmax where it stands: in a body, or in a kernel; ``ops`` are the operators around it there.

    ``types``: of the values by the names that hold there; ``readers``: who reads each of them, None where
    something else than an operator does.
    """

    op: Op
    kernel: Op | None
    ops: tuple[Op, ...]
    types: Mapping[str, TensorType]
    readers: Mapping[str, Sequence[Op | None]]

    @property
    def last(self) -> Op:
        """The operator that sums values by the weights.  Raises ``NotARing``."""
        value, reader = self.op.result, self._reader(self.op)
        while OPS[reader.kind].work != "matmul":
            if reader.kind != "cast":
                text = f"the weights go through `{reader.kind}` before values are summed by them"
                raise NotARing(text, reader.span)
            value, reader = reader.result, self._reader(reader)
        if set(reader.over) != set(self.op.over) or reader.operands.count(value) != 1:
            raise NotARing("the weights are not what values are summed by", reader.span)
        if self.kernel is not None and reader.result != self.ops[-1].result:
            raise NotARing("the kernel does more after the sum of values", self.ops[-1].span)
        return reader

    def _reader(self, op: Op) -> Op:
        match self.readers.get(op.result, ()):
            case [Op() as reader]:
                return reader
            case _:
                raise NotARing("the weights are read by more than the sum of values", op.span)

    @property
    def made(self) -> Op:
        """The operator of the program that makes the result.  Raises ``NotARing``."""
        return self.last if self.kernel is None else self.kernel

    @property
    def read(self) -> tuple[str, ...]:
        """The values that come from outside, each once: a kernel's, or all that are read here."""
        if isinstance(params := self.kernel and self.kernel.params, Fused):
            return params.inputs
        return tuple(dict.fromkeys(name for op in self.ops for name in op.reads))


def softmaxes(program: Logical) -> Iterator[Softmax]:
    """Every softmax of a program, those in kernels too."""
    readers = _readers(program)
    bodies = [program.body, *(s.body for s in walk(program.body) if isinstance(s, Repeat))]
    for body in bodies:
        ops = tuple(s for s in body if isinstance(s, Op))
        for op in ops:
            if isinstance(op.params, Fused):
                yield from _in_kernel(op, op.params, program)
            elif op.kind == "softmax":
                yield Softmax(op, None, ops, program.types, readers)


def _in_kernel(kernel: Op, fused: Fused, program: Logical) -> Iterator[Softmax]:
    operands = (program.types[o] if isinstance(o, str) else NUMBER for o in kernel.operands)
    types = dict(zip(fused.inputs, operands, strict=True))
    types.update((op.result, op.type) for op in fused.body)
    readers: dict[str, list[Op | None]] = {}
    for op in fused.body:
        for name in op.reads:
            readers.setdefault(name, []).append(op)
    for op in fused.body:
        if op.kind == "softmax":
            yield Softmax(op, kernel, fused.body, types, readers)


def _readers(program: Logical) -> Mapping[str, Sequence[Op | None]]:
    found: dict[str, list[Op | None]] = {o.value: [None] for o in program.outputs}
    for statement in walk(program.body):
        reads = statement.reads if isinstance(statement, Op) else _carried(statement)
        for name in reads:
            found.setdefault(name, []).append(statement if isinstance(statement, Op) else None)
    return found


def _carried(repeat: Repeat) -> list[str]:
    return [name for value in repeat.carried for name in (value.init, value.yields)]


@attrs.frozen(eq=False)
class RingPattern:
    """An attention taken apart.

    ``members``: what is worked out block by block, in order, the softmax and the ``last`` sum among them.
    ``moving``: the values with keys that come from outside, in order; they go round.
    """

    found: Softmax
    members: tuple[Op, ...]
    last: Op
    moving: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Ring:
    """Where a ring lies: the leaf of queries and the leaf of keys whose elements are one for each GPU.

    ``scope``: of the repeat; ``count``: GPUs in the ring.
    ``packed``: the leaf along which the state of a kernel is one value.
    """

    query: str
    key: str
    scope: int
    count: int
    packed: str


def take_apart(found: Softmax, key: str, query: str) -> RingPattern:
    """The parts of an attention of which a leaf of keys and one of queries are split alike.

    Raises ``NotARing``.
    """
    last = found.last
    members = found.ops if found.kernel is not None else _Cone(found, query).members(last)
    made = {op.result for op in members}
    reads = dict.fromkeys(name for op in members for name in op.reads if name not in made)
    moving = [name for name in reads if key in found.types[name].dims]
    for name in moving:
        if query in found.types[name].dims:
            raise NotARing(f"`{name}` has queries and keys and is not made here", last.span)
    for op in members:
        _check_member(op, found, last, key)
    return RingPattern(found, members, last, tuple(moving))


def _check_member(op: Op, found: Softmax, last: Op, key: str) -> None:
    if op is found.op or op is last or key not in _touched(op):
        return
    if isinstance(op.params, Position) and op.params.dims[0] == key:
        return
    raise NotARing(f"`{op.kind}` works along `{key}` besides the softmax", op.span)


def _touched(op: Op) -> frozenset[str]:
    """The dimensions that an operator works along, or that its parameters speak of."""
    match op.params:
        case Position(dims):
            return frozenset(dims)
        case Renamed(pairs):
            return frozenset(dim for pair in pairs for dim in pair)
        case Joined(dims, parts):
            return frozenset((*dims, *(dim for part, _ in parts for dim in part)))
        case Cut(source, dims):
            return frozenset((*source, *dims))
        case _:
            return frozenset(op.over)


class _Cone:
    """What of a body has keys and comes between the values that go round and the weights."""

    def __init__(self, found: Softmax, query: str) -> None:
        self._found = found
        self._query = query
        self._keys = set(found.op.over)
        self._makers = {op.result: op for op in found.ops}
        self._inside: dict[str, None] = {}

    def members(self, last: Op) -> tuple[Op, ...]:
        """The operators of the cone, in the order of the body."""
        self._visit(last, last.reads)
        self._inside[last.result] = None
        return tuple(op for op in self._found.ops if op.result in self._inside)

    def _visit(self, reader: Op, names: Sequence[str]) -> None:
        for name in names:
            dims = self._found.types[name].dims
            if name in self._inside or self._keys.isdisjoint(dims):
                continue
            maker = self._makers.get(name)
            meets = self._query in dims
            if meets and (maker is None or OPS[maker.kind].work == "source"):
                text = f"`{name}` has queries and keys and is not made here"
                raise NotARing(text, reader.span)
            if maker is not None and (meets or self._counts(maker)):
                self._visit(maker, maker.reads)
                self._inside[name] = None

    def _counts(self, op: Op) -> bool:
        """Whether a value is made of positions and numbers alone."""
        if isinstance(op.params, Position):
            return True
        makers = [self._makers.get(name) for name in op.reads]
        return bool(makers) and all(m is not None and self._counts(m) for m in makers)
