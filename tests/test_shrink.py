"""Small instances keep what the program is: every divisibility, every relation, every mask."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_programs import HARDWARE, causal, program
from test_programs import compiled_or_refused, drawn_from

from helixc.compiler import Compilation, compile_text
from helixc.interp.shrink import Instance, operators, shrink, shrunk_axes, smallest_instance
from helixc.interp.sizes import gather_needs, solve
from helixc.ir.layout import make_layout
from helixc.ir.logical import Logical, Op, Repeat, walk
from helixc.ir.ops import OPS, Cut, Declared, Joined, Number, Renamed
from helixc.ir.rules import infer
from helixc.ir.spmd import Loop, Spmd
from helixc.ir.spmd import walk as walk_spmd
from helixc.ir.tensor import NUMBER, TensorType


def small(compiled: Compilation) -> tuple[Instance, Logical, list[Spmd]]:
    stages = [stage for _, stage in compiled.stages[1:] if isinstance(stage, Logical | Spmd)]
    instance = smallest_instance(compiled.logical, stages, {})
    model = shrink(compiled.logical, instance)
    assert isinstance(model, Logical)
    placed = [shrink(stage, instance) for stage in stages if isinstance(stage, Spmd)]
    return instance, model, [stage for stage in placed if isinstance(stage, Spmd)]


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_every_split_still_divides_with_two_elements_where_there_were_two(seed: int) -> None:
    compiled = compiled_or_refused(drawn_from(seed))
    if compiled is None:
        return
    full = compiled.spmd.sizes
    instance, _, placed = small(compiled)

    assert all(instance.sizes[dim] <= full[dim] for dim in full)
    for stage in placed:
        for value, layout in stage.layouts.items():
            for dim, atoms in layout.split:
                ways = stage.mesh.ways(atoms)
                assert instance.sizes[dim] % ways == 0, (value, dim)
                if full[dim] >= 2 * compiled.spmd.mesh.ways(atoms):
                    assert instance.sizes[dim] >= 2 * ways


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_the_small_model_is_as_well_typed_as_the_large_one(seed: int) -> None:
    compiled = compiled_or_refused(drawn_from(seed))
    if compiled is None:
        return
    instance, model, _ = small(compiled)

    for op in operators(model):
        types = [model.types[o] if isinstance(o, str) else NUMBER for o in op.operands]
        if OPS[op.kind].work != "source":
            assert set(infer(op.kind, types, op.over, op.params).dims) == set(op.type.dims)
        assert_relations_hold(op, instance)


def assert_relations_hold(op: Op, instance: Instance) -> None:
    def size(dims: tuple[str, ...]) -> int:
        return math.prod(instance.sizes[dim] for dim in dims)

    match op.params:
        case Renamed():
            assert all(size((a,)) == size((b,)) for a, b in op.params.pairs)
        case Joined():
            assert size(op.params.dims) == sum(count for _, count in op.params.parts)
            assert all(size(dims) == count for dims, count in op.params.parts if dims)
        case Cut():
            assert op.params.start + size(op.params.dims) <= size(op.params.source)
        case _:
            pass


def test_dimensions_differ_in_size_where_they_can() -> None:
    plan = "mesh tp = 16\n in mha { shard head over tp }\n in mlp { shard hidden over tp }"
    instance, _, _ = small(compile_text(program(plan)))

    sizes = instance.sizes
    names = ("batch", "seq", "embed", "head", "head_dim", "hidden")
    assert len({sizes[name] for name in names}) == len(names)
    assert sizes["head"] == 16
    assert sizes["hidden"] == 32


def test_a_repeat_turns_twice_on_every_level() -> None:
    text = program("mesh tp = 4").replace("x = x + mha", "repeat 96 {\n  x = x + mha", 1)
    text = text.replace("output x\n", "}\n  output x\n", 1)
    _, model, placed = small(compile_text(text))

    assert [s.trips for s in walk(model.body) if isinstance(s, Repeat)] == [2]
    for stage in placed:
        assert [s.trips for s in walk_spmd(stage.body) if isinstance(s, Loop)] == [2]


def test_a_mask_stays_a_mask() -> None:
    text = causal("mesh cp = 8\n shard seq, key over cp")
    text = text.replace("index(key) <= index(seq)", "index(seq) - index(key) < 4096")
    instance, model, _ = small(compile_text(text))

    bounds = [op for op in operators(model) if op.kind == "lt"]
    (number,) = [o.value for op in bounds for o in op.operands if isinstance(o, Number)]
    assert 0 < number < instance.sizes["seq"]


def test_a_scale_follows_the_length_of_its_contraction() -> None:
    instance, model, _ = small(
        compile_text(program("mesh tp = 16\n in mha { shard head over tp }"))
    )

    (op,) = [op for op in operators(model) if op.kind == "div"]
    (number,) = [o.value for o in op.operands if isinstance(o, Number)]
    assert number == pytest.approx(math.sqrt(instance.sizes["head_dim"]))


def test_a_large_mesh_shrinks_and_says_so() -> None:
    fleet = "cluster fleet { gpu oracle; level node = 64 via ib; level gpu = 8 via nv }\n"
    text = program("mesh dp = 32, tp = 16\n shard batch over dp, tp", cluster="fleet")
    compiled = compile_text(text.replace(HARDWARE, HARDWARE + fleet))
    instance, _, placed = small(compiled)

    assert shrunk_axes([compiled.spmd], instance) == ("dp 32 -> 2",)
    assert placed[-1].mesh.devices == 32
    assert instance.sizes["batch"] % 32 == 0


# --- the arithmetic of sizes


def cut(result: str, source: str, dim: str, start: int) -> Op:
    type_ = TensorType("f32", (dim,))
    params = Cut((source,), (dim,), start)
    return Op(result=result, kind="split", operands=("x",), params=params, type=type_)


def test_a_cut_with_a_gap_before_it_keeps_its_place() -> None:
    full = {"z": 100, "x": 30}
    needs = gather_needs([cut("y", "z", "x", 50)], [], full, {}, {})
    sizes = solve(needs)

    start = sum(sizes[name] for piece in needs.starts["y"] for name in piece)
    assert start > 0
    assert start + sizes["x"] < sizes["z"] < 20


def test_overlapping_cuts_keep_their_overlap() -> None:
    full = {"z": 60, "x": 40, "y": 30}
    ops = [cut("one", "z", "x", 0), cut("two", "z", "y", 30)]
    needs = gather_needs(ops, [], full, {}, {})
    sizes = solve(needs)

    start = sum(sizes[name] for piece in needs.starts["two"] for name in piece)
    assert 0 < start < sizes["x"]
    assert start + sizes["y"] == sizes["z"]


def test_a_split_sum_is_a_multiple_of_its_blocks() -> None:
    type_ = TensorType("f32", ("z",))
    join = Op(
        result="y",
        kind="concat",
        operands=("a", "b"),
        params=Joined(("z",), ((("p",), 12), (("q",), 24))),
        type=type_,
    )
    layouts = [make_layout({"z": ("g",)}), make_layout({"p": ("h",)})]
    needs = gather_needs([join], layouts, {"p": 12, "q": 24, "z": 36}, {"g": 6, "h": 2}, {})
    sizes = solve(needs)

    assert sizes["p"] + sizes["q"] == sizes["z"] < 36
    assert sizes["z"] % 6 == 0
    assert sizes["p"] % 2 == 0


def test_sizes_stay_full_where_nothing_smaller_fits() -> None:
    type_ = TensorType("f32", ("z",))
    join = Op(
        result="y",
        kind="concat",
        operands=("a", "b"),
        params=Joined(("z",), ((("p",), 1), (("q",), 34))),
        type=type_,
    )
    layouts = [make_layout({"z": ("g",)})]
    needs = gather_needs([join], layouts, {"p": 1, "q": 34, "z": 35}, {"g": 35}, {})

    assert solve(needs) == {"p": 1, "q": 34, "z": 35}


def test_a_dimension_written_as_a_product_is_one() -> None:
    source = Op(
        result="w", kind="weight", params=Declared(TensorType("f32", ("d",))),
        type=TensorType("f32", ("d",)),
    )  # fmt: skip
    full = {"d": 512, "d.segment": 4, "d.inner": 128}
    layouts = [make_layout({"d.segment": ("m",)})]
    needs = gather_needs([source], layouts, full, {"m": 4}, {"d": ("d.segment", "d.inner")})
    sizes = solve(needs)

    assert sizes["d.segment"] == 4
    assert sizes["d"] == sizes["d.segment"] * sizes["d.inner"] < 100


def test_sizes_of_one_stay_one() -> None:
    assert solve(gather_needs([], [], {"seq": 1, "batch": 64}, {}, {}))["seq"] == 1
