"""Matrix multiplications are counted with the dimensions of one GPU."""

from __future__ import annotations

from math import prod

import attrs
from hypothesis import given
from hypothesis import strategies as st
from small_programs import at, cluster, compute, mesh, mlp_program, plan, source, value

from helixc.analysis.layers import find_layers
from helixc.analysis.matmuls import Matmul, find_matmuls
from helixc.ir.layout import make_layout
from helixc.ir.logical import Op, Output, Scope
from helixc.ir.plan import Place
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import Dim


def matmuls(spmd: Spmd) -> tuple[Matmul, ...]:
    return find_matmuls(spmd, find_layers(spmd))


def scores_program(sizes: dict[str, int], over: dict[str, int]) -> Spmd:
    """Scores of queries and keys, with ``over[dim]`` ways of each dimension."""
    split = {dim: (f"on_{dim}",) for dim in over}
    left, right = ("batch", "seq", "head", "head_dim"), ("batch", "key", "head", "head_dim")
    kept = ("batch", "seq", "head", "key")

    def layout(dims: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        return {dim: atoms for dim, atoms in split.items() if dim in dims}

    op = Op(
        result="scores", kind="matmul", operands=("q", "k"), over=("head_dim",), type=value(*kept),
        names=(Place(0, "scores"),), span=at(4),
    )  # fmt: skip
    way = tuple((atoms[0], dim) for dim, atoms in split.items())
    partial = split.get("head_dim", ())
    axes = {f"on_{dim}": ways for dim, ways in over.items()}
    return Spmd(
        name="attention",
        dims=tuple(Dim(name, size * over.get(name, 1)) for name, size in sizes.items()),
        scopes=(Scope(id=0, parent=-1, kind="model", name="attention"),),
        mesh=mesh(**axes),
        body=(
            source("input", "q", left, make_layout(layout(left)), 0),
            source("input", "k", right, make_layout(layout(right)), 0),
            compute(op, make_layout(layout(kept), partial), way),
        ),
        outputs=(Output("scores", "scores"),),
        plan=plan(**axes),
        cluster=cluster(gpus=prod(axes.values())),
    )


DIMS = ("batch", "seq", "key", "head", "head_dim")
SIZES = st.fixed_dictionaries({dim: st.integers(1, 50) for dim in DIMS})
WAYS = st.dictionaries(st.sampled_from(DIMS), st.integers(1, 4))


@given(sizes=SIZES, over=WAYS)
def test_sizes_are_those_of_one_gpu_whatever_is_split(
    sizes: dict[str, int], over: dict[str, int]
) -> None:
    (found,) = matmuls(scores_program(sizes, over))
    assert found.shape.batch == sizes["batch"] * sizes["head"]
    assert (found.shape.m, found.shape.k, found.shape.n) == (
        sizes["seq"], sizes["head_dim"], sizes["key"],
    )  # fmt: skip
    assert found.macs_per_gpu == prod(sizes.values())
    assert found.flops_per_gpu == 2 * found.macs_per_gpu
    assert found.total == prod(over.values())
    assert found.repeated == 1


@given(sizes=SIZES, idle=st.integers(1, 4))
def test_an_axis_that_splits_nothing_repeats_the_work(sizes: dict[str, int], idle: int) -> None:
    spmd = attrs.evolve(scores_program(sizes, {}), mesh=mesh(spare=idle))
    (found,) = matmuls(spmd)
    assert found.repeated == idle
    assert found.total == idle
    assert found.macs_per_gpu == prod(sizes.values())


def test_the_symbolic_time_names_the_batch_only_where_there_is_one() -> None:
    sizes = {"batch": 1024, "seq": 10_000, "key": 10_000, "head": 4, "head_dim": 128}
    (found,) = matmuls(scores_program(sizes, {}))
    assert found.shape.get_time == "Get_Time(10000, 128, 10000, batch=4096)"
    (found,) = matmuls(scores_program({**sizes, "batch": 1, "head": 1}, {}))
    assert found.shape.get_time == "Get_Time(10000, 128, 10000)"


@given(ways=st.integers(1, 8), turns=st.integers(1, 100))
def test_columns_then_rows_split_the_hidden_dimension_of_both(ways: int, turns: int) -> None:
    spmd = mlp_program(ways=ways, turns=turns)
    up, down = matmuls(spmd)
    assert (up.shape.m, up.shape.k, up.shape.n) == (12, 8, 16)
    assert (down.shape.m, down.shape.k, down.shape.n) == (12, 16, 8)
    assert up.per_gpu == down.per_gpu == 1
    assert up.total == ways
    assert up.layer.turns == turns


def test_a_split_over_several_dimensions_leaves_no_more_work_than_before() -> None:
    sizes = {"batch": 2, "seq": 3, "key": 5, "head": 7, "head_dim": 11}
    over = {"seq": 2, "head": 3}
    (found,) = matmuls(scores_program(sizes, over))
    whole = scores_program({d: s * over.get(d, 1) for d, s in sizes.items()}, {})
    (undivided,) = matmuls(attrs.evolve(whole, mesh=mesh()))
    assert found.macs_per_gpu * found.total == undivided.macs_per_gpu


def test_a_program_without_multiplications_has_none() -> None:
    spmd = scores_program(dict.fromkeys(DIMS, 2), {})
    assert matmuls(attrs.evolve(spmd, body=spmd.body[:2])) == ()
