"""Small logical programs with plans, drawn legal by construction, for tests of the choice."""

from __future__ import annotations

from hypothesis import strategies as st

from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.logical import Logical, Op, Output, Scope
from helixc.ir.mesh import Axis
from helixc.ir.ops import Declared, Number, Operand
from helixc.ir.plan import Block, DimRef, Line, Place, Plan, Shard, Strict
from helixc.ir.rules import infer
from helixc.ir.tensor import NUMBER, Dim, TensorType

SIZES = {"a": 48, "b": 240, "c": 48, "d": 144, "e": 96}
MESHES = [(("p", 2),), (("p", 4),), (("p", 2), ("q", 2)), (("p", 4), ("q", 2)), (("p", 3),)]
UNARY = ("gelu", "exp", "neg", "silu")
REDUCTIONS = ("sum", "mean", "max")


def cluster(gpus: int) -> Cluster:
    """Two nodes, or one where the number is odd."""
    nodes = 2 if gpus % 2 == 0 else 1
    gpu = Gpu(
        name="g",
        memory_bytes=10**12,
        bandwidth=2e12,
        peaks=(("bf16", 4e14),),
        compute_fraction=1,
        bandwidth_fraction=1,
    )
    outer = Link(name="ib", bandwidth=5e10, latency=1e-5)
    inner = Link(name="nv", bandwidth=4.5e11, latency=3e-6)
    levels = (
        Level(name="node", size=nodes, link=outer),
        Level(name="gpu", size=gpus // nodes, link=inner),
    )
    return Cluster(name="c", gpu=gpu, levels=levels)


class Writer:
    """Appends operators whose types follow from the table."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.types: dict[str, TensorType] = {}

    def source(self, kind: str, dims: tuple[str, ...]) -> str:
        """An input or a weight."""
        return self.put(kind, (), (), Declared(TensorType("bf16", dims)))

    def put(
        self,
        kind: str,
        operands: tuple[Operand, ...],
        over: tuple[str, ...] = (),
        params: Declared | None = None,
    ) -> str:
        """One operator; returns its result."""
        types = [self.types[o] if isinstance(o, str) else NUMBER for o in operands]
        name = f"v{len(self.ops)}"
        self.types[name] = infer(kind, types, over, params)
        self.ops.append(
            Op(
                result=name,
                kind=kind,
                operands=operands,
                over=over,
                params=params,
                type=self.types[name],
                names=(Place(0, name),),
            )
        )
        return name


@st.composite
def programs(draw: st.DrawFn, most: int = 5, *, strict: bool | None = None) -> Logical:
    """An input, then up to ``most`` operators, each reading what was made before."""
    writer = Writer()
    values = [writer.source("input", ("a", "b"))]
    for _ in range(draw(st.integers(1, most))):
        values.append(_operator(draw, writer, values))
    axes = draw(st.sampled_from(MESHES))
    gpus = 1
    for _, size in axes:
        gpus *= size
    blocks = _blocks(draw, [name for name, _ in axes], writer, strict=strict)
    plan = Plan("p", tuple(Axis(*axis) for axis in axes), blocks)
    return Logical(
        name="m",
        dims=tuple(Dim(name, size) for name, size in SIZES.items()),
        scopes=(Scope(id=0, parent=-1, kind="model", name="m"),),
        body=tuple(writer.ops),
        outputs=(Output("y", values[-1]),),
        plan=plan,
        cluster=cluster(gpus),
    )


def _operator(draw: st.DrawFn, writer: Writer, values: list[str]) -> str:
    x = draw(st.sampled_from(values))
    dims = writer.types[x].dims
    kinds = ["unary", "scale", "add", "residual"] + (["matmul", "matmul", "reduce"] if dims else [])
    match draw(st.sampled_from(kinds)):
        case "matmul":
            over = draw(st.sampled_from(dims))
            free = [d for d in SIZES if d not in dims]
            new = (draw(st.sampled_from(free)),) if free else ()
            weight = writer.source("weight", (over, *new))
            return writer.put("matmul", (x, weight), (over,))
        case "reduce":
            kind = draw(st.sampled_from(REDUCTIONS))
            return writer.put(kind, (x,), (draw(st.sampled_from(dims)),))
        case "scale":
            return writer.put("mul", (x, Number(0.5)))
        case "add":
            return writer.put("add", (x, draw(st.sampled_from(_alike(writer, values, x)))))
        case "residual":
            return writer.put("add", (x, writer.put(draw(st.sampled_from(UNARY)), (x,))))
        case _:
            return writer.put(draw(st.sampled_from(UNARY)), (x,))


def _alike(writer: Writer, values: list[str], x: str) -> list[str]:
    """Values whose dimensions are a part of x's."""
    return [v for v in values if set(writer.types[v].dims) <= set(writer.types[x].dims)]


def _blocks(
    draw: st.DrawFn, axes: list[str], writer: Writer, *, strict: bool | None
) -> tuple[Block, ...]:
    lines: list[Line] = []
    for axis in axes:
        dims = draw(st.lists(st.sampled_from(sorted(SIZES)), min_size=1, max_size=2, unique=True))
        lines.append(Shard(tuple(DimRef(d, (d,)) for d in dims), (axis,)))
    if strict or (strict is None and draw(st.booleans())):
        lines.append(Strict())
    blocks = [Block((Place(0),), tuple(lines))]
    if draw(st.booleans()):
        named = draw(st.sampled_from([op.result for op in writer.ops]))
        dim = draw(st.sampled_from(sorted(SIZES)))
        line = Shard((DimRef(dim, (dim,)),), (draw(st.sampled_from(axes)),))
        blocks.append(Block((Place(0, named),), (line,), parent=0))
    return tuple(blocks)
