"""Masks in a program in which some leaves are padded: what must not be seen is put out of the way.

Only contractions, softmaxes and norms along a padded leaf see its padding at all.  A contraction needs zeros
there (or what its own kind of combining leaves alone), a softmax a number that no exponential notices, and a
mean as many elements to divide by as the model has.  What needs a whole dimension for another reason, counts
positions across the end, or joins dimensions end to end, cannot be padded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import attrs

from helixc.diagnostics import Span
from helixc.ir.logical import Logical, Op
from helixc.ir.ops import OPS, Cut, Joined, Number, Operand, Params, Position, Routed
from helixc.ir.rules import factors, infer
from helixc.ir.simpler import EXPANSIONS, simpler
from helixc.ir.tensor import FLOATING, NUMBER, TensorType
from helixc.ir.zeros import FINITE, UNKNOWN, ZERO, Padding

# Lower than any number that a softmax or a maximum should see, masks of the model among them, and finite
# in f32 and bf16; where a narrower dtype makes it infinite, its exponential is zero all the same.
LOWEST = -3e38


@attrs.frozen
class Obstacle:
    """Why a leaf cannot be padded, and where."""

    leaf: str
    text: str
    span: Span


class Masks:
    """Writes operators with masks before them where they need them.

    ``types``: of the values written so far.  ``obstacles``: what cannot be padded.
    """

    def __init__(self, program: Logical, padding: Padding) -> None:
        self.sizes = program.sizes
        self.padding = padding
        self.types: dict[str, TensorType] = {}
        self.obstacles: list[Obstacle] = []
        self._taken = set(program.types)

    def mark(self) -> tuple[int, frozenset[str]]:
        """Where things stand, to come back to."""
        return len(self.obstacles), frozenset(self._taken)

    def reset(self, mark: tuple[int, frozenset[str]]) -> None:
        """Forget what was written since."""
        del self.obstacles[mark[0] :]
        self._taken = set(mark[1])

    def masked(self, op: Op, operands: Sequence[TensorType]) -> Iterator[Op]:
        """An operator, or what stands in for it."""
        over = [leaf for leaf in op.over if leaf in self.padding.padded]
        text = self._obstacle(op, over)
        for leaf in (leaf for leaf, _ in text):
            self.obstacles.append(Obstacle(leaf, dict(text)[leaf], op.span))
        row = OPS[op.kind]
        if over and row.stream == "norm" and row.kind in EXPANSIONS:
            for step in simpler(op, operands[0], self._taken):
                types = [self.types[o] if isinstance(o, str) else NUMBER for o in step.operands]
                yield from self.masked(step, types)
            return
        for leaf in over:
            for made in self._ahead_of(op, leaf):
                if made.result == op.result:
                    op = made
                else:
                    yield made
        if over and op.kind in AVERAGES:
            op, rest = self._average(op)
            yield self._noted(op)
            op = rest
        yield self._noted(op)

    def _noted(self, op: Op) -> Op:
        self.types[op.result] = op.type
        self.padding.note(op)
        return op

    # --- what goes before an operator

    def _ahead_of(self, op: Op, leaf: str) -> Iterator[Op]:
        """Masks for the padding of a leaf that an operator runs along, and the operator that reads them."""
        identity = self._identity(op)
        places = [i for i, operand in enumerate(op.operands) if self.padding.has(operand, leaf)]
        known = {place: self.padding.known(op.operands[place], leaf) for place in places}
        hidden = [place for place in places if identity or known[place] == UNKNOWN]
        if ZERO not in known.values() and not hidden:
            hidden = places[:1]
        operands = list(op.operands)
        for place in hidden:
            value = operands[place]
            if isinstance(value, str):
                yield from (made := self._mask(op, value, leaf, identity))
                operands[place] = made[-1].result
        if operands != list(op.operands):
            yield attrs.evolve(op, operands=tuple(operands))

    def _identity(self, op: Op) -> float:
        """What the padding of an operand must be; zero too for what picks: an index outside gives that."""
        row = OPS[op.kind]
        if row.stream == "softmax" or row.combines == "max":
            return LOWEST
        return -LOWEST if row.combines == "min" else 0

    def _mask(self, op: Op, value: str, leaf: str, identity: float) -> tuple[Op, ...]:
        """``where(index(leaf) < size, value, identity)``."""
        name = f"{value}.{leaf.rsplit('.', 1)[-1]}"
        index = self._op(op, f"{name}.index", "index", (), Position((leaf,)))
        size = Number(self.sizes[leaf])
        inside = self._op(op, f"{name}.inside", "lt", (index.result, size))
        operands: tuple[Operand, ...] = (inside.result, value, Number(identity))
        masked = self._op(op, f"{name}.masked", "where", operands)
        for made in (index, inside):
            self.padding.note(made)
        before, least = self.padding.states[value], ZERO if identity == 0 else FINITE
        states = {dim: max(known, least) for dim, known in before.items()} | {leaf: least}
        self.padding.set(masked.result, masked.type, states)
        return index, inside, masked

    def _average(self, op: Op) -> tuple[Op, Op]:
        """A mean as a sum and a division by the number of elements that the model has."""
        total = attrs.evolve(op, kind="sum", result=self._fresh(f"{op.result}.sum"))
        count = Number(prod(self.sizes[leaf] for leaf in op.over))
        return total, attrs.evolve(op, kind="div", over=(), operands=(total.result, count))

    def _op(
        self, near: Op, name: str, kind: str, operands: tuple[Operand, ...], params: Params = None
    ) -> Op:
        types = [self.types[o] if isinstance(o, str) else NUMBER for o in operands]
        made = Op(
            result=self._fresh(name),
            kind=kind,
            operands=operands,
            params=params,
            type=infer(kind, types, (), params),
            scope=near.scope,
            span=near.span,
        )
        self.types[made.result] = made.type
        return made

    def _fresh(self, name: str) -> str:
        number, fresh = 1, name
        while fresh in self._taken:
            number += 1
            fresh = f"{name}.{number}"
        self._taken.add(fresh)
        return fresh

    # --- what cannot be

    def _obstacle(self, op: Op, over: Sequence[str]) -> list[tuple[str, str]]:
        """The padded leaves with which an operator cannot do, each with the reason."""
        what = f"`{op.home.name or op.kind}`"
        match op.params:
            case Position(dims):
                return self._counted(dims, what)
            case Routed(queue=queue, slot=slot):
                lines = [dim for dim in (*queue, *slot) if dim in self.padding.padded]
                waits = [(dim, f"in {what} padding would wait in line") for dim in lines]
                chosen = [dim for dim in self._whole(op) if dim not in lines]
                return [*waits, *((dim, f"in {what} padding would choose too") for dim in chosen)]
            case Joined() | Cut():
                joined = [(dim, f"{what} joins or cuts it end to end") for dim in self._whole(op)]
                return [*joined, *self._placed(op, what)]
            case _:
                refused = [(leaf, text) for leaf in over if (text := self._refusal(op, what))]
                return refused or self._placed(op, what)

    def _whole(self, op: Op) -> list[str]:
        """The padded leaves of which an operator needs all that there is."""
        operands = [self.types[o] if isinstance(o, str) else NUMBER for o in op.operands]
        rule = factors(op.kind, operands, op.type, op.over, op.params)
        return [f.name for f in rule if f.tag == "whole" and f.name in self.padding.padded]

    def _placed(self, op: Op, what: str) -> list[tuple[str, str]]:
        return self._counted(op.over, what) if OPS[op.kind].position else []

    def _counted(self, dims: Sequence[str], what: str) -> list[tuple[str, str]]:
        """The padded leaves across whose end the places of a product are counted."""
        inner = [dim for dim in dims[1:] if dim in self.padding.padded]
        return [(dim, f"{what} counts positions across it") for dim in inner]

    def _refusal(self, op: Op, what: str) -> str:
        """Why an operator cannot run along a padded dimension; "" if it can."""
        row = OPS[op.kind]
        if row.whole and row.kind not in EXPANSIONS:
            return f"{what} needs all of it, and would see the padding"
        floating = [self.types[o].dtype in FLOATING for o in op.reads]
        if self._identity(op) and not all(floating):
            return f"{what} has no number that its maximum or minimum would not see"
        return "" if row.combines or row.whole else f"{what} runs along it"


# Operators that divide by how many elements there are.
AVERAGES = frozenset(("mean",))
