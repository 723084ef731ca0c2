"""Small partitioned programs, written by hand, for tests of what comes after partitioning."""

from __future__ import annotations

from helixc.diagnostics import Span
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.layout import WHOLE, AllGather, AllReduce, Layout, Step, make_layout
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.ops import Declared, Norm
from helixc.ir.plan import Block, Label, Place, Plan
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Spmd, SpmdStatement, Why
from helixc.ir.tensor import Dim, TensorType

FILE = "small.hx"


def cluster(nodes: int = 1, gpus: int = 2) -> Cluster:
    """Nodes of a few GPUs."""
    link = Link(name="wire", bandwidth=100e9, latency=1e-6)
    gpu = Gpu(name="chip", memory_bytes=80_000_000_000, bandwidth=2e12, peaks=(("bf16", 1e15),))
    levels = (Level(name="node", size=nodes, link=link), Level(name="gpu", size=gpus, link=link))
    return Cluster(name="box", gpu=gpu, levels=levels)


def mesh(**axes: int) -> Mesh:
    """A mesh of uncut axes."""
    return Mesh(
        axes=tuple(Axis(name, size) for name, size in axes.items()),
        atoms=tuple(Atom(name, name, size) for name, size in axes.items()),
    )


def value(*dims: str) -> TensorType:
    """A bf16 type."""
    return TensorType("bf16", dims)


def at(line: int, column: int = 1, end: int = 40) -> Span:
    """A stretch of one line."""
    return Span(FILE, line, column, line, end)


def compute(op: Op, layout: Layout = WHOLE, way: tuple[tuple[str, str], ...] = ()) -> Compute:
    """An operator with the layout of its result."""
    return Compute(op=op, way=way, layout=layout)


def source(kind: str, name: str, dims: tuple[str, ...], layout: Layout, scope: int) -> Compute:
    """An input or a weight."""
    type_ = value(*dims)
    op = Op(
        result=name,
        kind=kind,
        params=Declared(type_),
        type=type_,
        scope=scope,
        names=(Place(scope, name),),
    )
    return compute(op, layout)


def move(
    result: str, origin: str, step: Step, type_: TensorType, layout: Layout, scope: int
) -> Move:
    """One step of the layout algebra."""
    why = Why(value=origin, reader="", text="the plan asks for it")
    return Move(
        result=result,
        source=origin,
        step=step,
        type=type_,
        layout=layout,
        scope=scope,
        names=(Place(scope, result),),
        why=why,
        picoseconds=1_000_000,
        algorithm="ring",
    )


TOKENS = ("batch", "embed")


def mlp_body(entry: str = "x_in") -> tuple[SpmdStatement, ...]:
    """A norm, an MLP split over ``tp`` by columns and then by rows, and the residual."""
    columns = make_layout({"hidden": ("tp",)})
    partial = make_layout({}, ("tp",))
    home = (Place(1, "x"),)
    norm = Op(
        result="ln", kind="layer_norm", operands=(entry,), over=("embed",), params=Norm(1e-5),
        type=value(*TOKENS), scope=1, names=home, span=at(3, 10, 20),
    )  # fmt: skip
    up = Op(
        result="up", kind="matmul", operands=("ln", "w1"), over=("embed",),
        type=value("batch", "hidden"), scope=2, names=(Place(2, "up"),), span=at(8),
    )  # fmt: skip
    act = Op(
        result="act", kind="gelu", operands=("up",),
        type=value("batch", "hidden"), scope=2, names=(Place(2, "act"),), span=at(9),
    )  # fmt: skip
    down = Op(
        result="down", kind="matmul", operands=("act", "w2"), over=("hidden",),
        type=value(*TOKENS), scope=2, names=home, span=at(10),
    )  # fmt: skip
    add = Op(
        result="sum", kind="add", operands=(entry, "down.1"),
        type=value(*TOKENS), scope=1, names=home, span=at(3, 5, 30),
    )  # fmt: skip
    return (
        compute(norm),
        source("weight", "w1", ("embed", "hidden"), columns, 2),
        source("weight", "w2", ("hidden", "embed"), columns, 2),
        compute(up, columns, (("tp", "hidden"),)),
        compute(act, columns, (("tp", "hidden"),)),
        compute(down, partial, (("tp", "hidden"),)),
        move("down.1", "down", AllReduce(("tp",)), value(*TOKENS), WHOLE, 1),
        compute(add),
    )


def mlp_program(ways: int = 2, turns: int = 2) -> Spmd:
    """``turns`` layers of ``mlp_body`` on ``ways`` GPUs."""
    carried = LoopValue(
        entry="x_in", init="x", yields="sum", result="x_out", type=value(*TOKENS), layout=WHOLE,
        names=(Place(0, "x"),),
    )  # fmt: skip
    loop = Loop(trips=turns, carried=(carried,), body=mlp_body(), scope=1)
    return Spmd(
        name="tiny",
        dims=(Dim("batch", 12), Dim("embed", 8), Dim("hidden", 16 * ways)),
        scopes=(
            Scope(id=0, parent=-1, kind="model", name="tiny"),
            Scope(id=1, parent=0, kind="repeat", name="layer", turns=turns),
            Scope(id=2, parent=1, kind="layer", name="mlp", span=at(3, 9, 25)),
        ),
        mesh=mesh(tp=ways),
        body=(source("input", "x", TOKENS, WHOLE, 0), loop),
        outputs=(Output("x", "x_out"),),
        plan=plan(tp=ways),
        cluster=cluster(gpus=ways),
    )


def plan(**axes: int) -> Plan:
    """A plan that labels scope 2."""
    block = Block(places=(Place(2),), lines=(Label("split"),))
    return Plan(
        name="by_hand", axes=tuple(Axis(name, size) for name, size in axes.items()), blocks=(block,)
    )


def gather_program(rows: int = 2, columns: int = 3) -> Spmd:
    """A value split over two axes, gathered over one and then over the other: collectives in a row."""
    split = make_layout({"batch": ("a", "b")})
    outer = make_layout({"batch": ("a",)})
    type_ = value(*TOKENS)
    double = Op(
        result="y", kind="add", operands=("x", "x"), type=type_, scope=0, names=(Place(0, "y"),)
    )
    return Spmd(
        name="gathers",
        dims=(Dim("batch", 6 * rows * columns), Dim("embed", 4)),
        scopes=(Scope(id=0, parent=-1, kind="model", name="gathers"),),
        mesh=mesh(a=rows, b=columns),
        body=(
            source("input", "x", TOKENS, split, 0),
            compute(double, split, (("a", "batch"), ("b", "batch"))),
            move("y.1", "y", AllGather("batch", ("b",)), type_, outer, 0),
            move("y.2", "y.1", AllGather("batch", ("a",)), type_, WHOLE, 0),
        ),
        outputs=(Output("y", "y.2"),),
        plan=Plan(name="by_hand", axes=(Axis("a", rows), Axis("b", columns))),
        cluster=cluster(nodes=rows, gpus=columns),
    )
