"""Kernels of a few operators on inputs of drawn types, legal by construction."""

from __future__ import annotations

from hypothesis import strategies as st

from helixc.ir.fused import kernel_of
from helixc.ir.ops import Fused, Number, Op, Operand, Params, Position, Renamed
from helixc.ir.rules import infer
from helixc.ir.tensor import NUMBER, TensorType

UNARY = ("tanh", "neg", "relu", "gelu")
BINARY = ("add", "sub", "mul", "maximum")
REDUCING = ("sum", "mean", "max", "min", "softmax", "log_softmax")
MOST_DIMS = 4
# What `a` and `c` may be renamed to inside.
OTHER = {"a": "e", "c": "a"}

Draft = tuple[str, tuple[Operand, ...], tuple[str, ...], Params]


@st.composite
def kernels(
    draw: st.DrawFn, operands: st.SearchStrategy[TensorType]
) -> tuple[list[TensorType], Fused]:
    """Types of operands, and a kernel on them whose last member makes the result."""
    types = draw(st.lists(operands, min_size=1, max_size=3))
    inputs = tuple(f"i{position}" for position in range(len(types)))
    known = dict(zip(inputs, types, strict=True))
    body: list[Op] = []
    for number in range(draw(st.integers(1, 5))):
        late = body[-1].result if body and draw(st.integers(0, 3)) else None
        first = late or draw(st.sampled_from([*known]))
        kind, reads, over, params = draw(_members(known, first))
        found = [NUMBER if isinstance(o, Number) else known[o] for o in reads]
        type_ = infer(kind, found, over, params)
        body.append(
            Op(result=f"m{number}", kind=kind, operands=reads, over=over, params=params, type=type_)
        )
        known[f"m{number}"] = type_
    while len(body) > 1 and kernel_of(Fused(inputs, tuple(body)), tuple(types)).inner_dims:
        body.pop()
    fused = Fused(inputs, tuple(body))
    if kernel_of(fused, tuple(types)).inner_dims:
        first = Op(result="m0", kind="neg", operands=("i0",), type=types[0])
        fused = Fused(inputs, (first,))
    return types, fused


@st.composite
def _members(draw: st.DrawFn, known: dict[str, TensorType], first: str) -> Draft:
    """One operator on a value, and perhaps on a second."""
    dims = known[first].dims
    fitting = [n for n, t in known.items() if len({*dims, *t.dims}) <= MOST_DIMS]
    second: str = draw(st.sampled_from(fitting)) if fitting else first
    shared = [dim for dim in dims if dim in known[second].dims]
    choices: list[st.SearchStrategy[Draft]] = [
        st.sampled_from(UNARY).map(lambda kind: (kind, (first,), (), None)),
        st.sampled_from(BINARY).map(lambda kind: (kind, (first, second), (), None)),
        st.sampled_from(("add", "mul", "div")).map(
            lambda kind: (kind, (first, Number(3)), (), None)
        ),
        st.just(("index", (), (), Position(draw(st.sampled_from([("a",), ("b", "c")]))))),
    ]
    if dims:
        over = draw(st.sampled_from(dims))
        choices.append(st.sampled_from(REDUCING).map(lambda kind: (kind, (first,), (over,), None)))
    if shared:
        along = draw(st.sampled_from(shared))
        choices += [st.just(("matmul", (first, second), (along,), None))] * 2
    renamed = [(old, new) for old, new in OTHER.items() if old in dims and new not in dims]
    choices += [st.just(("rename", (first,), (), Renamed((pair,)))) for pair in renamed]
    return draw(st.one_of(choices))
