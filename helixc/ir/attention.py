"""Whether a kernel is an attention, and what its dimensions are to one.

An attention is two matrix products with a row-wise reduction between them: queries meet keys, every row of
scores is normalised along the keys, and the second product sums values along the keys.  It is known by that
structure, never by a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod

import attrs

from helixc.ir.fused import Kernel
from helixc.ir.ops import OPS, Number, Op
from helixc.ir.tensor import Sizes, expected

_ORDERED = ("lt", "le", "gt", "ge")
_SHIFTING = ("add", "sub")
# How many places a query sees, itself among them, where its distance is compared with a number so.
_NEAR = {"lt": 0, "le": 1}


@attrs.frozen(kw_only=True)
class AttentionShape:
    """Sizes of one GPU's share of an attention.

    ``batch``: attentions that share nothing, one for each element of the batch and each K/V head;
    ``group``: query heads that read the same keys; then lengths and depths.  ``causal``: a query sees
    only the keys up to its own place, of these the last ``window`` (0: all).
    """

    batch: int
    group: int
    queries: int
    keys: int
    head_dim: int
    value_dim: int
    causal: bool
    window: int = 0

    @property
    def seen(self) -> int:
        """How many keys a query sees at most."""
        return min(self.keys, self.window or self.keys)

    @property
    def cached(self) -> int:
        """Elements of the keys and values that a query sees."""
        return self.batch * self.seen * (self.head_dim + self.value_dim)

    @property
    def elements(self) -> int:
        """Elements of the queries and of what comes of them, of the keys and the values."""
        rows = self.batch * self.group * self.queries
        return rows * (self.head_dim + self.value_dim) + self.cached

    @property
    def time_term(self) -> str:
        """``Attention_Time(batch, queries, keys, head_dim)``, with what is not as usual behind it."""
        sizes = [f"{self.batch}", f"{self.queries}", f"{self.keys}", f"{self.head_dim}"]
        sizes += [f"group={self.group}"] if self.group > 1 else []
        sizes += [f"value_dim={self.value_dim}"] if self.value_dim != self.head_dim else []
        sizes += ["causal"] if self.causal else []
        sizes += [f"window={self.window}"] if self.window else []
        return f"Attention_Time({', '.join(sizes)})"


@attrs.frozen(kw_only=True)
class Attention:
    """The factors of an attention's rule by what they are to it, as the sizes in ``AttentionShape``.

    Query heads that share keys are told from queries where positions run along the latter (a mask);
    without any, all that queries alone have counts as queries.
    """

    batch: tuple[str, ...]
    group: tuple[str, ...]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    head_dim: tuple[str, ...]
    value_dim: tuple[str, ...]
    causal: bool
    window: int = 0

    def renamed(self, names: Mapping[str, str]) -> Attention:
        """The same with other names of factors."""

        def other(role: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names[name] for name in role)

        return Attention(
            batch=other(self.batch),
            group=other(self.group),
            queries=other(self.queries),
            keys=other(self.keys),
            head_dim=other(self.head_dim),
            value_dim=other(self.value_dim),
            causal=self.causal,
            window=self.window,
        )

    def shape(self, local: Sizes) -> AttentionShape:
        """The sizes where ``local`` is the size of each factor's block."""

        def size(role: tuple[str, ...]) -> int:
            return expected(prod(local[name] for name in role), role, local.shares)

        return AttentionShape(
            batch=size(self.batch),
            group=size(self.group),
            queries=size(self.queries),
            keys=size(self.keys),
            head_dim=size(self.head_dim),
            value_dim=size(self.value_dim),
            causal=self.causal,
            window=self.window,
        )


def matrix_products(kernel: Kernel) -> tuple[Op, ...]:
    """The members that are matrix products, in order."""
    return tuple(op for op in kernel.fused.body if OPS[op.kind].work == "matmul")


def attention_of(kernel: Kernel) -> Attention | None:
    """What a kernel's factors are to an attention, or None if it is none."""
    match matrix_products(kernel):
        case (first, second) if has_reduction_between(kernel, first, second):
            return _attention(kernel, first, second)
        case _:
            return None


def _attention(kernel: Kernel, first: Op, second: Op) -> Attention | None:
    made = behind(kernel, first.result)
    scores, values = (_dims(kernel, name) for name in _scores_first(second, made))
    keys = tuple(dict.fromkeys(kernel.names[name, dim] for name, dim in _contracted(second)))
    left, right = (_dims(kernel, name) for name in first.reads)
    if not set(keys) <= set(scores):
        return None
    key_side, query_side = (left, right) if set(keys) & set(left) else (right, left)
    depth = tuple(dict.fromkeys(kernel.names[name, dim] for name, dim in _contracted(first)))
    alone = [n for n in query_side if n not in {*key_side, *depth}]
    placed = _placed(kernel)
    queries = tuple(n for n in alone if n in placed) or tuple(alone)
    causal = _is_causal(kernel, set(keys), set(queries))
    return Attention(
        batch=tuple(n for n in scores if n in key_side and n not in keys),
        group=tuple(n for n in alone if n not in queries),
        queries=queries,
        keys=keys,
        head_dim=depth,
        value_dim=tuple(n for n in values if n not in {*scores, *keys}),
        causal=causal,
        window=_window(kernel, set(keys), set(queries)) if causal else 0,
    )


def has_reduction_between(kernel: Kernel, first: Op, second: Op) -> bool:
    """Whether a member between two products reduces what the second one sums along.

    The second must read what came of that, and on its other side nothing that came of the first.
    """
    made = behind(kernel, first.result)
    if len([name for name in second.reads if name in made]) != 1:
        return False
    along = {kernel.names[spot] for spot in _contracted(second)}
    for op in kernel.fused.body:
        row = OPS[op.kind]
        reduces = bool(op.over) and row.work != "matmul" and (row.whole or bool(row.combines))
        over = {kernel.names[op.reads[0], dim] for dim in op.over} if reduces else set[str]()
        if over & along and op.result in made and second.result in behind(kernel, op.result):
            return True
    return False


def behind(kernel: Kernel, value: str) -> frozenset[str]:
    """A value inside a kernel and all that come of it."""
    found = {value}
    for op in kernel.fused.body:
        if not found.isdisjoint(op.reads):
            found.add(op.result)
    return frozenset(found)


def _scores_first(second: Op, made: Collection[str]) -> tuple[str, str]:
    left, right = second.reads
    return (left, right) if left in made else (right, left)


def _dims(kernel: Kernel, value: str) -> tuple[str, ...]:
    return tuple(kernel.names[value, dim] for dim in kernel.types[value].dims)


def _contracted(op: Op) -> Iterator[tuple[str, str]]:
    return ((op.reads[0], dim) for dim in op.over)


def _placed(kernel: Kernel) -> frozenset[str]:
    """The factors along which a member counts positions."""
    return frozenset(
        name for op in kernel.fused.body if op.kind == "index" for name in _dims(kernel, op.result)
    )


def _is_causal(kernel: Kernel, keys: set[str], queries: set[str]) -> bool:
    """Whether positions of keys and of queries themselves are compared by their order."""
    along = _positions(kernel)
    for op in kernel.fused.body:
        if op.kind in _ORDERED and len(op.reads) == len(op.operands):
            sides = [along.get(name, set[str]()) for name in op.reads]
            if all(sides) and keys.issuperset(sides[0]) != keys.issuperset(sides[1]):
                return any(queries.issuperset(side) for side in sides)
    return False


def _window(kernel: Kernel, keys: set[str], queries: set[str]) -> int:
    """How many keys before its place, and at it, a query sees where their distance is bounded; 0: all."""
    along = _positions(kernel)
    distances = {
        op.result
        for op in kernel.fused.body
        if op.kind == "sub" and len(op.reads) == len(op.operands)
        if queries.issuperset(along.get(op.reads[0], {""}))
        if keys.issuperset(along.get(op.reads[1], {""}))
    }
    for op in kernel.fused.body:
        match op.kind, op.operands:
            case (("lt" | "le"), (str(distance), Number(bound))) if distance in distances:
                return max(1, int(bound) + _NEAR[op.kind])
            case _:
                pass
    return 0


def _positions(kernel: Kernel) -> dict[str, set[str]]:
    """The values that count positions, shifted by a number or not, and the factors along which they do."""
    along: dict[str, set[str]] = {}
    for op in kernel.fused.body:
        if op.kind == "index":
            along[op.result] = set(_dims(kernel, op.result))
        elif op.kind in _SHIFTING and len(op.reads) == 1 and op.reads[0] in along:
            along[op.result] = along[op.reads[0]]
    return along
