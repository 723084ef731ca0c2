"""The arithmetic of one operator, as terms over the factors of its rule.

An operator is one term; a kernel has one for each of its members.  Operators that are free (a relabelling)
or simply there (a weight) have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.ir.attention import Attention, attention_of
from helixc.ir.fused import Kernel, kernel_of
from helixc.ir.ops import OPS, Fused, Op, Stream
from helixc.ir.rules import factors
from helixc.ir.tensor import TensorType


@attrs.frozen
class Term:
    """``flops`` for each point of the product of some factors; ``matrix``: on the matrix units.

    A multiply-add counts two FLOPs.
    """

    factors: tuple[str, ...]
    flops: int
    matrix: bool = False


# The position of an operand, and factors.
Fetched = tuple[int, tuple[str, ...]]


@attrs.frozen
class Arithmetic:
    """The terms of an operator, and what its factors are to an attention if it is one.

    ``stream``: which memory-bound kernel runs it where nothing is done on the matrix units.  ``fetched``:
    operands, by position, of which only some elements are read: one for each point of the product of
    these factors, once for each entry.  ``written``: where a first operand is filled in place, the factors
    of what is put into it; the rest of it is neither read nor written.
    """

    terms: tuple[Term, ...]
    attention: Attention | None = None
    stream: Stream = "elementwise"
    fetched: tuple[Fetched, ...] = ()
    written: tuple[str, ...] | None = None

    def renamed(self, names: Mapping[str, str]) -> Arithmetic:
        """The same with other names of factors."""
        terms = (Term(tuple(names[n] for n in t.factors), t.flops, t.matrix) for t in self.terms)
        attention = None if self.attention is None else self.attention.renamed(names)
        fetched = ((n, tuple(names[f] for f in own)) for n, own in self.fetched)
        written = None if self.written is None else tuple(names[f] for f in self.written)
        return Arithmetic(tuple(terms), attention, self.stream, tuple(fetched), written)


def arithmetic_of(op: Op, operand_types: Sequence[TensorType]) -> Arithmetic:
    """The arithmetic of an operator on operands of these types."""
    types = tuple(operand_types)
    if isinstance(op.params, Fused):
        kernel = kernel_of(op.params, types)
        members = (_terms(member.kind, kernel.names_of(member)) for member in op.params.body)
        terms = tuple(t for terms in members for t in terms)
        fetched = tuple(_fetched_inside(kernel))
        return Arithmetic(terms, attention_of(kernel), _longest(op.params.body), fetched)
    row, rule = OPS[op.kind], factors(op.kind, types, op.type, op.over, op.params)
    terms = tuple(_terms(op.kind, [factor.name for factor in rule]))
    kept = tuple(factor.name for factor in rule if factor.result is not None)
    fetched = ((0, kept),) if row.fetches else ()
    put_in = tuple(factor.name for factor in rule if factor.operands[-1:] != (None,))
    written = put_in if row.fills else None
    return Arithmetic(terms, stream=row.stream, fetched=fetched, written=written)


def _fetched_inside(kernel: Kernel) -> Iterator[Fetched]:
    """The operands of a kernel that every reader in it only fetches from, an entry for each reader."""
    for position, value in enumerate(kernel.fused.inputs):
        readers = [op for op in kernel.fused.body if value in op.reads]
        if all(OPS[op.kind].fetches and op.operands.index(value) == 0 for op in readers):
            for op in readers:
                yield position, tuple(kernel.names[op.result, dim] for dim in op.type.dims)


def _longest(members: Sequence[Op]) -> Stream:
    """The kind of kernel that several operators in one make: that of a reduction, if there is one."""
    for member in members:
        if OPS[member.kind].stream != "elementwise":
            return OPS[member.kind].stream
    return "elementwise"


def _terms(kind: str, names: Sequence[str]) -> Iterator[Term]:
    row = OPS[kind]
    if row.work in ("matmul", "elementwise"):
        matrix = row.work == "matmul"
        yield Term(tuple(names), 2 if matrix else row.flops, matrix)
