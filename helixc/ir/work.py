"""The arithmetic of one operator, as terms over the factors of its rule.

An operator is one term; a kernel has one for each of its members.  Operators that are free (a relabelling)
or simply there (a weight) have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from helixc.ir.attention import Attention, attention_of
from helixc.ir.fused import kernel_of
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


@attrs.frozen
class Arithmetic:
    """The terms of an operator, and what its factors are to an attention if it is one.

    ``stream``: which memory-bound kernel runs it where nothing is done on the matrix units.
    """

    terms: tuple[Term, ...]
    attention: Attention | None = None
    stream: Stream = "elementwise"

    def renamed(self, names: Mapping[str, str]) -> Arithmetic:
        """The same with other names of factors."""
        terms = (Term(tuple(names[n] for n in t.factors), t.flops, t.matrix) for t in self.terms)
        attention = None if self.attention is None else self.attention.renamed(names)
        return Arithmetic(tuple(terms), attention, self.stream)


def arithmetic_of(op: Op, operand_types: Sequence[TensorType]) -> Arithmetic:
    """The arithmetic of an operator on operands of these types."""
    types = tuple(operand_types)
    if isinstance(op.params, Fused):
        kernel = kernel_of(op.params, types)
        members = (_terms(member.kind, kernel.names_of(member)) for member in op.params.body)
        terms = tuple(t for terms in members for t in terms)
        return Arithmetic(terms, attention_of(kernel), _longest(op.params.body))
    names = [f.name for f in factors(op.kind, types, op.type, op.over, op.params)]
    return Arithmetic(tuple(_terms(op.kind, names)), stream=OPS[op.kind].stream)


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
