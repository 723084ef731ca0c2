"""Values of the levels, drawn field by field: well formed, but not legal programs.

A dump must read back whatever it says, so nothing here cares whether a layout divides or a type fits; names
are any text at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import attrs
from hypothesis import strategies as st

from helixc.diagnostics import Diagnostic, Note, Span
from helixc.ir.figures import FACTOR, SHARE, Range, above_zero, from_zero
from helixc.ir.hardware import Cluster, Figures, Gpu, Level, Link
from helixc.ir.kernels import COLLECTIVES, KERNELS, SOURCES, Constants, constant_fields, field_name
from helixc.ir.layout import (
    AllGather,
    AllReduce,
    AllToAll,
    Layout,
    Permute,
    ReduceScatter,
    Seed,
    Slice,
)
from helixc.ir.logical import Carried, Logical, NamedDim, Op, Output, Repeat, Scope, Statement
from helixc.ir.mesh import Atom, Axis, Mesh
from helixc.ir.ops import (
    Cast,
    Cut,
    Declared,
    Filled,
    Fused,
    Joined,
    Norm,
    Number,
    Position,
    Renamed,
    Rolled,
    Routed,
)
from helixc.ir.plan import (
    Approximation,
    Block,
    DimRef,
    Fuse,
    KeepWeights,
    Label,
    Local,
    Microbatches,
    Pad,
    PartialOver,
    Place,
    Plan,
    Replicate,
    Shard,
    Slices,
    Store,
    Strict,
)
from helixc.ir.spmd import Compute, Loop, LoopValue, Move, Reshard, Spmd, SpmdStatement, Why
from helixc.ir.tensor import FULL, Dim, Share, TensorType
from helixc.limits import MAX_GPUS

WORDS = (
    "x", "head", "tp.0", "q~1", "mha.scores.2", "layer", "gpu", "over", "partial", "slice", "inf",
    "reshard", "all", "1", "", "_", "partial 0", "a b", 'say "hi"', "naïve", "task", "#no", "\\", "@0",
)  # fmt: skip

names = st.one_of(st.sampled_from(WORDS), st.text(max_size=5))
several_names = st.lists(names, max_size=3).map(tuple)
texts = st.text(max_size=12)
counts = st.integers(0, 10**19 - 1)
sizes = st.integers(1, 64)
numbers = st.builds(
    Number,
    st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False)),
    st.one_of(st.just(()), several_names),
)
places = st.lists(st.builds(Place, counts, names), max_size=2).map(tuple)
types = st.builds(TensorType, names, several_names)
spans = st.builds(Span, texts, counts, counts, counts, counts)


def tuples(items: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    """Tuples of a few."""
    return st.lists(items, max_size=most).map(tuple)


# --- the header

ragged = st.builds(Share, counts, counts)
dims = st.builds(Dim, names, sizes, st.just(FULL) | ragged, st.none() | sizes)
named_dims = st.builds(NamedDim, names, several_names)
dim_refs = st.builds(DimRef, names, several_names)
scopes = st.builds(
    Scope,
    id=counts,
    parent=st.one_of(st.just(-1), counts),
    kind=st.sampled_from(["model", "layer", "repeat"]),
    name=names,
    call=counts,
    first=counts,
    turns=counts,
    dims=tuples(named_dims, 2),
)


def within(legal: Range) -> st.SearchStrategy[float]:
    """Legal figures, often at an end of the range."""
    ends = [legal.least, legal.most, *([0.0] if legal.or_none else [])]
    return st.one_of(st.sampled_from(ends), st.floats(legal.least, legal.most))


def constants(groups: Mapping[str, type[Constants]]) -> st.SearchStrategy[Figures]:
    """Some groups of constants, each complete."""
    drawn = {
        group: st.tuples(
            *(
                st.tuples(st.just(field_name(group, field.name)), within(field.legal))
                for field in constant_fields(kind)
            )
        )
        for group, kind in groups.items()
    }
    some = st.lists(st.sampled_from(list(groups)), max_size=3, unique=True)
    return some.flatmap(lambda found: st.tuples(*(drawn[g] for g in found))).map(
        lambda found: tuple(chain.from_iterable(found))
    )


rates = within(above_zero("B/s"))
seconds = within(from_zero("s"))
shares = within(SHARE)


origins = st.lists(st.tuples(names, st.sampled_from(SOURCES)), max_size=2).map(tuple)
links = st.builds(
    Link,
    name=names,
    bandwidth=rates,
    latency=seconds,
    in_switch=st.booleans(),
    figures=constants(COLLECTIVES),
    sources=origins,
)
levels = st.builds(
    Level,
    name=names,
    size=sizes,
    link=st.none() | links,
    links=st.none() | sizes,
    rails=st.none() | sizes,
    oversubscribed=st.just(1.0) | within(FACTOR),
)
gpus = st.builds(
    Gpu,
    name=names,
    memory_bytes=st.integers(1, 10**12),
    bandwidth=rates,
    peaks=st.lists(st.tuples(names, within(above_zero("FLOP/s"))), min_size=1, max_size=2).map(
        tuple
    ),
    compute_fraction=shares,
    bandwidth_fraction=shares,
    launch_seconds=seconds,
    sms=st.integers(0, MAX_GPUS),
    figures=constants(KERNELS),
    sources=origins,
)
clusters = st.builds(
    Cluster, name=names, gpu=gpus, levels=st.lists(levels, min_size=1, max_size=2).map(tuple)
)
axes = st.builds(Axis, names, sizes)
lines = st.one_of(
    st.builds(Shard, tuples(dim_refs, 2), several_names, names),
    st.builds(Replicate, tuples(dim_refs, 2)),
    st.builds(Local, names, places, several_names),
    st.builds(PartialOver, several_names),
    st.builds(Store, several_names),
    st.builds(Pad, tuples(dim_refs, 2)),
    st.just(Strict()),
    st.just(KeepWeights()),
    st.builds(Label, names),
    st.builds(Fuse, names, places),
    st.builds(Microbatches, counts, dim_refs),
)
blocks = st.builds(Block, places, tuples(lines), st.one_of(st.just(-1), counts), names)
plans = st.builds(Plan, names, tuples(axes), tuples(blocks, 2))
approximations = st.builds(Approximation, names, names, names, names)
slices = st.none() | st.builds(Slices, names, several_names, counts)
notes = st.builds(
    Diagnostic,
    st.sampled_from(["HX0601", "HX0602"]),
    texts,
    spans,
    st.sampled_from(["error", "warning", "note"]),
    tuples(st.builds(Note, texts, spans), 2),
    tuples(texts, 2),
)
outputs = tuples(st.builds(Output, names, names), 2)
meshes = st.builds(Mesh, tuples(axes), tuples(st.builds(Atom, names, names, sizes)))

# --- bodies

params = st.one_of(
    st.none(),
    st.builds(Norm, st.floats(1e-12, 1e18)),
    st.builds(Renamed, tuples(st.tuples(names, names))),
    st.builds(Rolled, counts),
    st.builds(Routed, tuples(st.tuples(names, names)), several_names, several_names, several_names),
    st.builds(Joined, several_names, tuples(st.tuples(several_names, counts))),
    st.builds(Cut, several_names, several_names, counts),
    st.builds(Position, several_names),
    st.builds(Cast, names),
    st.builds(Declared, types),
    st.builds(Filled, numbers.map(lambda number: number.value), types),
)
ops = st.builds(
    Op,
    result=names,
    kind=names,
    operands=tuples(st.one_of(names, numbers)),
    over=several_names,
    params=params,
    type=types,
    scope=counts,
    names=places,
)
sources = ops.map(lambda op: attrs.evolve(op, params=Declared(op.type)))
simple_ops = st.one_of(ops, sources)


@st.composite
def kernels(draw: st.DrawFn) -> Op:
    """An operator with two others inside at most."""
    inside = Fused(draw(several_names), draw(tuples(simple_ops, 2)))
    return attrs.evolve(draw(ops), params=inside)


all_ops = st.one_of(simple_ops, kernels())


@st.composite
def _layouts(draw: st.DrawFn) -> Layout:
    split = draw(tuples(st.tuples(names, several_names), 2))
    turned = {dim: draw(sizes) for dim, _ in split if draw(st.booleans())}
    kind = draw(st.sampled_from(["", "sum", "max", "min"]))
    return Layout(
        split=tuple(dict(split).items()),
        partial=draw(several_names),
        kind=kind,
        turned=tuple((dim, turned[dim]) for dim in dict(split) if dim in turned),
    )


layouts = _layouts()
steps = st.one_of(
    st.builds(Slice, names, several_names),
    st.builds(AllGather, names, several_names),
    st.builds(ReduceScatter, names, several_names),
    st.builds(AllReduce, several_names),
    st.builds(AllToAll, names, names, several_names),
    st.builds(Permute, layouts),
    st.builds(Seed, several_names),
)
whys = st.builds(Why, value=names, reader=names, text=texts)
passing = st.sampled_from(["partial 0", "partial 1", "partial all"])
computes = st.builds(
    Compute, op=all_ops, way=tuples(st.tuples(names, st.one_of(names, passing))), layout=layouts
)
reshards = st.builds(
    Reshard,
    result=names,
    source=names,
    type=types,
    layout=layouts,
    scope=counts,
    names=places,
    why=whys,
    freely=several_names,
)
moves = st.builds(
    Move,
    result=names,
    source=names,
    step=steps,
    type=types,
    layout=layouts,
    scope=counts,
    names=places,
    why=whys,
    picoseconds=counts,
    algorithm=names,
)
carried = st.builds(Carried, names, names, names, names, types, places)
loop_values = st.builds(
    LoopValue,
    entry=names,
    init=names,
    yields=names,
    result=names,
    type=types,
    layout=layouts,
    names=places,
)


def _repeats(body: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    inner = st.builds(
        Repeat,
        trips=counts,
        carried=tuples(carried, 2),
        body=tuples(body),
        scope=counts,
        around=names,
    )
    return st.one_of(body, inner)


def _loops(body: st.SearchStrategy[SpmdStatement]) -> st.SearchStrategy[SpmdStatement]:
    inner = st.builds(
        Loop,
        trips=counts,
        carried=tuples(loop_values, 2),
        body=tuples(body),
        scope=counts,
        around=names,
    )
    return st.one_of(body, inner)


statements = st.recursive(all_ops, _repeats, max_leaves=4)
spmd_statements = st.recursive(st.one_of(computes, reshards, moves), _loops, max_leaves=4)

logical_programs = st.builds(
    Logical,
    name=names,
    dims=tuples(dims),
    scopes=tuples(scopes, 2),
    body=tuples(statements),
    outputs=outputs,
    plan=plans,
    cluster=clusters,
    approximations=tuples(approximations, 2),
    slices=slices,
    notes=tuples(notes, 2),
)
spmd_programs = st.builds(
    Spmd,
    name=names,
    dims=tuples(dims),
    scopes=tuples(scopes, 2),
    mesh=meshes,
    body=tuples(spmd_statements),
    outputs=outputs,
    plan=plans,
    cluster=clusters,
    notes=tuples(notes, 2),
    approximations=tuples(approximations, 2),
    slices=slices,
)
