"""A version as a model for those after it: with its kernels opened, each member bounded by its own rule.

And without padding, for what a version holds is told without it.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import Fused


def opened(program: Logical) -> Logical:
    """The same program without kernels."""
    return attrs.evolve(program, body=tuple(_opened(program.body)))


def unpadded(program: Logical) -> Logical:
    """The same with every padded dimension as long as it is in the model, where nothing is padding."""
    dims = (d if d.real is None else attrs.evolve(d, size=d.real, real=None) for d in program.dims)
    return attrs.evolve(program, dims=tuple(dims))


def _opened(body: tuple[Statement, ...]) -> Iterator[Statement]:
    for statement in body:
        if isinstance(statement, Repeat):
            yield attrs.evolve(statement, body=tuple(_opened(statement.body)))
        elif isinstance(statement.params, Fused):
            yield from _members(statement, statement.params)
        else:
            yield statement


def _members(kernel: Op, fused: Fused) -> Iterator[Op]:
    """The members by the names that hold outside; the last one makes the kernel's result."""
    outside = dict(zip(fused.inputs, kernel.operands, strict=True))
    for op in fused.body:
        operands = tuple(outside.get(o, o) if isinstance(o, str) else o for o in op.operands)
        last = op is fused.body[-1]
        yield attrs.evolve(op, operands=operands, result=kernel.result if last else op.result)
