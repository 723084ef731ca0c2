"""From what the rules of a dump matched to operators and the repeats of the logical level."""

from __future__ import annotations

from typing import Any

from helixc.ir.logical import Carried, Op, Repeat, Statement
from helixc.ir.ops import (
    Cast,
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Norm,
    Number,
    Operand,
    Params,
    Position,
    Renamed,
    Rolled,
    Routed,
)
from helixc.ir.plan import Place
from helixc.ir.tensor import TensorType
from helixc.text.dump_build_header import between, present
from helixc.text.dump_build_plan import PlanBuilder
from helixc.text.dump_words import Word, read_number, read_place, read_value

Names = tuple[str, ...]
Pairs = tuple[tuple[str, str], ...]
# Stands for "declared with the type that the value has" until that type is known.
AS_IT_IS = Declared(TensorType("", ()))


class OpBuilder(PlanBuilder):
    """One method for each rule about operators; each takes the pieces that the rule matched."""

    # --- operators

    def operation(self, result: Word, kind: str, *rest: Any) -> Op:
        """``%x = add %a %b : bf16[d] in 0``."""
        *operands, over, params, type_, scope, names = rest
        return Op(
            result=read_value(result),
            kind=kind,
            operands=tuple(operands),
            over=over or (),
            params=Declared(type_) if params is AS_IT_IS else params,
            type=type_,
            scope=int(scope),
            names=names or (),
            span=between(result, scope),
        )

    def value(self, word: Word) -> Operand:
        """``%x``."""
        return read_value(word)

    def constant(self, word: Word) -> Operand:
        """A number as an operand."""
        return Number(read_number(word))

    def size(self, dims: tuple[str, ...], word: Word) -> Operand:
        """The size of a product as an operand: ``size [a, b] 12``."""
        return Number(read_number(word), dims)

    def type(self, dtype: str, dims: tuple[str, ...]) -> TensorType:
        """``bf16[a, b]``."""
        return TensorType(dtype, dims)

    def as_places(self, *words: Word) -> tuple[Place, ...]:
        """``@0.x, @1.y``."""
        return tuple(read_place(word) for word in words)

    def norm(self, eps: float) -> Params:
        """``eps 1e-5``."""
        return Norm(eps)

    def pair(self, old: str, new: str) -> tuple[str, str]:
        """``a -> b``."""
        return old, new

    def pairs(self, *pairs: tuple[str, str] | None) -> Pairs:
        """``[a -> b]``."""
        return present(pairs)

    def renamed(self, pairs: Pairs) -> Params:
        """``pairs [a -> b]``."""
        return Renamed(pairs)

    def routed(self, pairs: Pairs, queue: Names, slot: Names, pick: Names) -> Params:
        """``route [a -> b] line [] -> [] pick [c]``."""
        return Routed(pairs, queue, slot, pick)

    def rolled(self, by: Word) -> Params:
        """``turn 1``."""
        return Rolled(int(by))

    def part(self, dims: tuple[str, ...], size: Word) -> tuple[tuple[str, ...], int]:
        """``[a]: 3``."""
        return dims, int(size)

    def joined(self, *rest: Any) -> Params:
        """``join [[a]: 3, []: 1] -> [b]``."""
        *parts, dims = rest
        return Joined(dims, present(tuple(parts)))

    def cut(self, source: tuple[str, ...], start: Word, dims: tuple[str, ...]) -> Params:
        """``cut [a] from 1 -> [b]``."""
        return Cut(source, dims, int(start))

    def position(self, dims: tuple[str, ...]) -> Params:
        """``position [a]``."""
        return Position(dims)

    def cast(self, dtype: str) -> Params:
        """``to f32``."""
        return Cast(dtype)

    def filled(self, type_: TensorType, value: float) -> Params:
        """``all f32[a] 0``."""
        return Filled(value, type_)

    def declared(self, type_: TensorType | None) -> Params:
        """``declared bf16[a]``, or ``declared`` alone: the type that the value has."""
        return AS_IT_IS if type_ is None else Declared(type_)

    def fused(self, *rest: Word | Op) -> Params:
        """``members %q %k { ... }``: the names of operands inside, and the operators."""
        inputs = tuple(read_value(item) for item in rest if not isinstance(item, Op))
        return Fused(inputs, tuple(item for item in rest if isinstance(item, Op)))

    # --- repeats

    def repeat(
        self, trips: Word, around: str | None, scope: Word, *rest: Carried | Statement
    ) -> Repeat:
        """A repeat of the logical level."""
        return Repeat(
            trips=int(trips),
            carried=tuple(item for item in rest if isinstance(item, Carried)),
            body=tuple(item for item in rest if not isinstance(item, Carried)),
            scope=int(scope),
            around=around or "",
            span=between(trips, scope),
        )

    def carried(self, *rest: Any) -> Carried:
        """``carry %x.1 from %x yields %x.2 gives %x.3 : bf16[a]``."""
        *words, type_, names = rest
        entry, init, yields, result = (read_value(word) for word in words)
        return Carried(entry, init, yields, result, type_, names or ())
