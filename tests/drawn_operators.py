"""One operator on inputs of drawn types: every row of the operator table, legal by construction."""

from __future__ import annotations

from drawn_kernels import kernels
from hypothesis import strategies as st
from small_programs import cluster

from helixc.ir.logical import Logical, Op, Output, Scope
from helixc.ir.mesh import Axis
from helixc.ir.ops import (
    OPS,
    Cast,
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Norm,
    Number,
    Operand,
    OpRow,
    Params,
    Position,
    Renamed,
    Rolled,
    Routed,
)
from helixc.ir.plan import Plan
from helixc.ir.rules import infer
from helixc.ir.tensor import NUMBER, Dim, TensorType

# Every size but that of a pair can be split 2 or 3 ways; z = x + y, and e is what a may be renamed to.
SIZES = {"a": 6, "b": 12, "c": 6, "d": 12, "e": 6, "x": 6, "y": 12, "z": 18, "h": 2}
FREE = ("a", "b", "c", "d")
SOURCES = ("input", "weight", "frozen", "state")

Types = list[TensorType | None]
Call = tuple[Types, tuple[str, ...], Params]


@st.composite
def programs(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(OPS)) -> Logical:
    """A model of one operator, named ``y``, on inputs named ``x0``, ``x1``, ..; its output is ``y``."""
    row = OPS[draw(st.sampled_from(kinds))]
    types, over, params = draw(_calls(row))
    operands: list[Operand] = []
    body: list[Op] = []
    for position, type_ in enumerate(types):
        if type_ is None:
            numbers = [0, 1, 5] if position in row.places else [-2, 0.5, 1, 3]
            operands.append(Number(float(draw(st.sampled_from(numbers)))))
            continue
        name = f"x{position}"
        operands.append(name)
        body.append(Op(result=name, kind="input", params=Declared(type_), type=type_))
    kinds_of = [NUMBER if type_ is None else type_ for type_ in types]
    result = infer(row.kind, kinds_of, over, params)
    body.append(
        Op(
            result="y",
            kind=row.kind,
            operands=tuple(operands),
            over=over,
            params=params,
            type=result,
        )
    )
    return model(tuple(body), SIZES)


def model(body: tuple[Op, ...], sizes: dict[str, int], output: str = "y") -> Logical:
    """A model of some operators in one scope, with an empty plan."""
    return Logical(
        name="m",
        dims=tuple(Dim(name, size) for name, size in sizes.items()),
        scopes=(Scope(id=0, parent=-1, kind="model", name="m"),),
        body=body,
        outputs=(Output(output, output),),
        plan=Plan(name="p", axes=(Axis("g", 6),)),
        cluster=cluster(gpus=6),
    )


def _calls(row: OpRow) -> st.SearchStrategy[Call]:
    """Operand types, dimensions worked over and parameters that an operator accepts."""
    special = {
        Declared: _types().map(lambda type_: ([], (), Declared(type_))),
        Position: st.sampled_from([("a",), ("a", "b"), ("d", "c")]).map(
            lambda dims: ([], (), Position(dims))
        ),
        Filled: _types().map(lambda type_: ([], (), Filled(3.0, type_))),
        Renamed: _renames(),
        Rolled: _rolls(),
        Routed: _routes(row),
        Joined: _joins(),
        Cut: _cuts(),
        Fused: kernels(_types(least=1)).map(lambda made: ([*made[0]], (), made[1])),
        Cast: st.builds(
            lambda type_, dtype: ([type_], (), Cast(dtype)),
            _types(),
            st.sampled_from(["f32", "bf16", "i32", "bool"]),
        ),
    }
    if row.fills:
        return _fillings()
    if row.params in special:
        return special[row.params]
    if row.kind in ("matmul", "outer"):
        return _products(row)
    if row.places:
        return _picks()
    if row.elements:
        return _turns()
    if row.along > 1:
        return _scans()
    return _reductions(row) if row.combines or row.expands else _elementwise(row)


@st.composite
def _renames(draw: st.DrawFn) -> Call:
    pairs = draw(st.sampled_from([(("a", "e"),), (("a", "e"), ("c", "a"))]))
    return [_with(draw(_types()), *(left for left, _ in pairs))], (), Renamed(pairs)


@st.composite
def _rolls(draw: st.DrawFn) -> Call:
    type_ = draw(_types(least=1))
    return [type_], (draw(st.sampled_from(type_.dims)),), Rolled(draw(st.integers(0, 12)))


@st.composite
def _fillings(draw: st.DrawFn) -> Call:
    """What is filled has a product of dimensions where what is put into it has another, shorter one."""
    product, start, dims = draw(
        st.sampled_from(
            [
                (("z",), 0, ("x",)),
                (("z",), 6, ("y",)),
                (("z",), 3, ("x",)),
                (("a", "x"), 20, ("y",)),
                (("z", "c"), 7, ("x", "b")),
            ]
        )
    )
    rest = draw(_types(tuple(d for d in FREE if d not in (*product, *dims))))
    return [_with(rest, *product), _with(rest, *dims)], product, Cut(product, dims, start)


@st.composite
def _routes(draw: st.DrawFn, row: OpRow) -> Call:
    """Tokens along one or two dimensions, with places of their own or in line for some."""
    tokens, places = draw(st.sampled_from([(("a",), ("e",)), (("c", "a"), ("e", "x"))]))
    pick = draw(st.sampled_from([(), ("b",)]))
    groups = draw(st.sampled_from([(), *((dim,) for dim in ("c",) if dim not in tokens)]))
    rest, experts = draw(st.sampled_from([(), ("y",)])), ("d",)
    params = Routed(tuple(zip(tokens, places, strict=True)), pick=pick)
    if draw(st.booleans()):
        places = draw(st.sampled_from([("e",), ("z",), ("e", "x")]))
        params = Routed((), tokens, places, pick)
    sent = (*draw(st.permutations((*tokens, *groups))), *rest)
    value = (*experts, *places, *groups, *rest) if row.combines else sent
    choice = draw(st.permutations((*groups, *tokens, *pick)))
    types: Types = [TensorType("f32", value), TensorType("i32", tuple(choice))]
    return types, experts, params


@st.composite
def _cuts(draw: st.DrawFn) -> Call:
    start, dim = draw(st.sampled_from([(0, "x"), (6, "y"), (3, "x"), (12, "a")]))
    rest = draw(_types(tuple(d for d in FREE if d != dim)))
    return [_with(rest, "z")], (), Cut(("z",), (dim,), start)


@st.composite
def _reductions(draw: st.DrawFn, row: OpRow) -> Call:
    type_ = draw(_types(least=1))
    over = draw(st.lists(st.sampled_from(type_.dims), min_size=1, unique=True))
    return [type_], tuple(over), Norm(1e-5) if row.params is Norm else None


@st.composite
def _types(draw: st.DrawFn, dims: tuple[str, ...] = FREE, least: int = 0) -> TensorType:
    chosen = draw(st.lists(st.sampled_from(dims), min_size=least, max_size=3, unique=True))
    return TensorType("f32", tuple(chosen))


def _with(type_: TensorType, *dims: str) -> TensorType:
    missing = tuple(dim for dim in dims if dim not in type_.dims)
    return TensorType(type_.dtype, type_.dims + missing)


@st.composite
def _joins(draw: st.DrawFn) -> Call:
    common = draw(_types())
    if draw(st.booleans()):
        first, second = _with(common, "x"), _with(draw(_types(common.dims or FREE)), "y")
        return [first, second], (), Joined(("z",), ((("x",), 6), (("y",), 12)))
    parts = ((("a",), 6), (("b",), 12))
    rest = TensorType("f32", tuple(d for d in common.dims if d not in ("a", "b")))
    return [_with(rest, "a"), _with(rest, "b")], (), Joined(("z",), parts)


@st.composite
def _products(draw: st.DrawFn, row: OpRow) -> Call:
    left, right = draw(_types(least=1)), draw(_types(least=1))
    if row.kind == "outer":
        return [left, right], (), None
    over = draw(st.lists(st.sampled_from(FREE), min_size=1, max_size=2, unique=True))
    return [_with(left, *over), _with(right, *over)], tuple(over), None


@st.composite
def _picks(draw: st.DrawFn) -> Call:
    """A value, dimensions that it has, and an index that does not have them, or a number."""
    over = tuple(draw(st.lists(st.sampled_from(FREE), min_size=1, max_size=2, unique=True)))
    index = draw(_types(tuple(dim for dim in FREE if dim not in over)))
    place = None if draw(st.integers(0, 3)) == 0 else TensorType("i32", index.dims)
    return [_with(draw(_types()), *over), place], over, None


@st.composite
def _turns(draw: st.DrawFn) -> Call:
    """Pairs along h, and angles along some of the other dimensions."""
    value = draw(_types())
    angle = draw(st.lists(st.sampled_from(value.dims), unique=True)) if value.dims else []
    return [_with(value, "h"), TensorType("f32", tuple(angle))], ("h",), None


@st.composite
def _scans(draw: st.DrawFn) -> Call:
    """A decay (or a number), steps, and where to start (or a number)."""
    over = tuple(draw(st.lists(st.sampled_from(FREE), min_size=1, max_size=2, unique=True)))
    rest = tuple(dim for dim in FREE if dim not in over)
    step = _with(draw(_types(rest)), *over)
    decay = None if draw(st.integers(0, 3)) == 0 else _with(draw(_types(rest)), *over)
    start = None if draw(st.integers(0, 3)) == 0 else draw(_types(rest))
    return [decay, step, start], over, None


@st.composite
def _elementwise(draw: st.DrawFn, row: OpRow) -> Call:
    largest = draw(_types(least=1))
    types: Types = [largest]
    for _ in range(row.arity - 1):
        smaller = draw(st.lists(st.sampled_from(largest.dims), unique=True))
        number = draw(st.integers(0, 3)) == 0
        types.append(None if number else TensorType("f32", tuple(smaller)))
    return draw(st.permutations(types)), (), None
