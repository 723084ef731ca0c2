"""Every operator means what its row in the table promises about blocks, partial sums and types."""

from __future__ import annotations

import math

import attrs
import numpy as np
import pytest
from drawn_operators import SOURCES, model, programs
from hypothesis import given, settings
from hypothesis import strategies as st

from helixc.diagnostics import CompilerBug
from helixc.interp import functions
from helixc.interp.blocks import assemble, scatter
from helixc.interp.data import Data
from helixc.interp.domain import FIELD, PRIME, REALS, residue
from helixc.interp.logical import run_logical
from helixc.interp.meaning import MEANINGS, check_complete
from helixc.interp.spmd import run_spmd
from helixc.ir.layout import WHOLE, Layout, make_layout
from helixc.ir.logical import Logical, Op
from helixc.ir.mesh import Axis, Mesh
from helixc.ir.ops import OPS, Declared, Number
from helixc.ir.rules import Factor, factors, infer
from helixc.ir.spmd import Compute, Spmd
from helixc.ir.tensor import NUMBER, TensorType

COMPUTED = tuple(kind for kind in OPS if kind not in SOURCES)


def the_operator(program: Logical) -> Op:
    return program.makers["y"]


def placed(program: Logical, ways: int, layouts: dict[str, Layout]) -> Spmd:
    """The model on one mesh axis ``g``, each value in the layout given (else whole)."""
    body = tuple(
        Compute(op=op, way=(), layout=layouts.get(op.result, WHOLE))
        for op in program.body
        if isinstance(op, Op)
    )
    return Spmd(
        name="m",
        dims=program.dims,
        scopes=program.scopes,
        mesh=Mesh.uncut((Axis("g", ways),)),
        body=body,
        outputs=program.outputs,
        plan=program.plan,
        cluster=program.cluster,
    )


def assert_equal_on_gpus(program: Logical, spmd: Spmd, supply: Data) -> None:
    expected = run_logical(program, supply).values["y", ()][0]
    blocks = run_spmd(spmd, supply).values["y", ()]
    found = assemble(blocks, spmd.types["y"].dims, spmd.layouts["y"], spmd.mesh)
    np.testing.assert_allclose(
        np.asarray(found.value, float), np.asarray(expected, float), rtol=1e-11, atol=1e-11
    )
    assert found.disagreement == 0


def rule(program: Logical) -> tuple[Factor, ...]:
    op = the_operator(program)
    types = [program.types[o] if isinstance(o, str) else NUMBER for o in op.operands]
    return factors(op.kind, types, op.type, op.over, op.params)


def test_every_operator_has_a_meaning_and_a_table_with_a_gap_does_not_load() -> None:
    check_complete(MEANINGS, "a meaning")

    with pytest.raises(CompilerBug, match="matmul"):
        check_complete({k: v for k, v in MEANINGS.items() if k != "matmul"}, "a meaning")
    with pytest.raises(CompilerBug, match="no_such"):
        check_complete({**MEANINGS, "no_such": MEANINGS["add"]}, "a meaning")


@settings(max_examples=300)
@given(programs(COMPUTED))
def test_a_result_has_the_shape_of_the_type_that_is_inferred(program: Logical) -> None:
    trace = run_logical(program, Data(program, 0))
    shape = tuple(program.sizes[dim] for dim in the_operator(program).type.dims)

    assert trace.values["y", ()].shape == (1, *shape)


@settings(max_examples=400)
@given(programs(COMPUTED), st.data(), st.sampled_from([2, 3]))
def test_splitting_a_factor_does_what_its_tag_says(
    program: Logical, data: st.DataObject, ways: int
) -> None:
    """Pass: the result is split too.  Sum, max, min: the result is partial, and combines to it."""
    legal = [f for f in rule(program) if f.tag != "whole"]
    # A roll moves whole blocks.
    legal = [f for f in legal if not f.turn or f.turn * ways % program.sizes[f.name] == 0]
    if not legal:
        return
    factor = data.draw(st.sampled_from(legal))
    op = the_operator(program)
    layouts = {
        name: make_layout({dim: ("g",)})
        for name, dim in zip(op.operands, factor.operands, strict=True)
        if isinstance(name, str) and dim is not None
    }
    if factor.result is not None:
        turned = factor.places(program.sizes[factor.name], ways) if factor.turn else 0
        layouts["y"] = make_layout({factor.result: ("g",)}, turned=[(factor.result, turned)])
    else:
        layouts["y"] = make_layout({}, ("g",), factor.tag)

    assert_equal_on_gpus(program, placed(program, ways, layouts), Data(program, 1, "positive"))


def partial_operands(op: Op, which: int) -> list[str]:
    values = [name for name in op.operands if isinstance(name, str)]
    linear = OPS[op.kind].linear
    if linear == "joint":
        return values if len(values) == len(op.operands) else []
    if linear == "first":
        return values[:1] if isinstance(op.operands[0], str) else []
    if linear == "each":
        chosen = values[which % len(values)] if values else None
        return [chosen] if chosen is not None and values.count(chosen) == 1 else []
    return []


@settings(max_examples=300)
@given(programs(COMPUTED), st.sampled_from([2, 3]), st.integers(0, 5))
def test_partial_sums_pass_through_where_the_table_lets_them(
    program: Logical, ways: int, which: int
) -> None:
    op = the_operator(program)
    partial = partial_operands(op, which)
    if not partial:
        return
    layout = make_layout({}, ("g",), "sum")
    layouts = {**dict.fromkeys(partial, layout), "y": layout}

    assert_equal_on_gpus(program, placed(program, ways, layouts), Data(program, 2, "positive"))


@given(programs(("matmul",)), st.randoms(use_true_random=False))
def test_the_order_of_axes_means_nothing(program: Logical, random: object) -> None:
    op = the_operator(program)
    supply = Data(program, 3)
    expected = run_logical(program, supply).values["y", ()]
    turned = attrs.evolve(op, type=TensorType("f32", tuple(reversed(op.type.dims))))
    body = (*program.body[:-1], turned)

    found = run_logical(attrs.evolve(program, body=body), supply).values["y", ()]

    axes = (0, *reversed(range(1, found.ndim)))
    np.testing.assert_array_equal(found.transpose(axes), expected)


@given(programs(("matmul",)))
def test_a_matmul_is_the_sum_over_its_dimensions(program: Logical) -> None:
    op = the_operator(program)
    supply = Data(program, 4)
    trace = run_logical(program, supply)
    letters = {dim: chr(ord("a") + i) for i, dim in enumerate(program.sizes)}
    words = ["".join(letters[d] for d in program.types[str(o)].dims) for o in op.operands]
    result = "".join(letters[d] for d in op.type.dims)

    arrays = [trace.values[str(o), ()][0] for o in op.operands]
    expected = np.einsum(f"{words[0]},{words[1]}->{result}", *arrays)

    np.testing.assert_allclose(trace.values["y", ()][0], expected, rtol=1e-12, atol=1e-12)


VALUES = [-30.0, -2.5, -1.0, -0.0, 1e-9, 0.3, 1.0, 4.0, 25.0]
SCALAR = {
    "erf": math.erf,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "gelu": lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2)),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(x)),
    "relu": lambda x: max(x, 0.0),
    "gelu_tanh": lambda x: (
        0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    ),
}


@pytest.mark.parametrize("name", SCALAR)
def test_a_function_agrees_with_its_definition(name: str) -> None:
    found = getattr(functions, name)(np.array(VALUES))

    np.testing.assert_allclose(found, [SCALAR[name](x) for x in VALUES], rtol=1e-13, atol=2e-15)


def test_truth_values_count_as_numbers_in_arithmetic() -> None:
    truth = TensorType("bool", ("a",))
    source = Op(result="x0", kind="input", params=Declared(truth), type=truth)
    twice = Op(result="y", kind="add", operands=("x0", "x0"), type=infer("add", [truth, truth]))
    program = model((source, twice), {"a": 6})

    values = run_logical(program, lambda op, turns: np.ones(6, dtype=np.bool_)).values

    assert values["y", ()].tolist() == [[2] * 6]


def test_the_field_keeps_the_laws_of_arithmetic() -> None:
    type_ = TensorType("f32", ("a",))
    source = Op(result="x0", kind="input", params=Declared(type_), type=type_)
    there = Op(result="z", kind="div", operands=("x0", Number(0.3)), type=type_)
    back = Op(result="y", kind="mul", operands=("z", Number(0.3)), type=type_)
    program = model((source, there, back), {"a": 6})
    supply = Data(program, 5, "field")

    values = run_logical(program, supply, FIELD).values

    assert np.array_equal(values["y", ()], values["x0", ()])
    assert residue(-1) == PRIME - 1
    assert residue(0.5) * 2 % PRIME == 1


def test_a_mean_in_the_field_divides_by_all_elements() -> None:
    type_ = TensorType("f32", ("a",))
    source = Op(result="x0", kind="input", params=Declared(type_), type=type_)
    mean = Op(result="y", kind="mean", operands=("x0",), over=("a",), type=TensorType("f32", ()))
    program = model((source, mean), {"a": 6})

    values = run_logical(program, lambda op, turns: np.full(6, 7.0), FIELD).values

    assert values["y", ()].tolist() == [7.0]


def test_numbers_stay_whole_where_they_are() -> None:
    assert REALS.number(3.0).dtype.kind == "i"
    assert REALS.number(0.5).dtype.kind == "f"


def test_a_scattered_partial_maximum_is_only_known_together() -> None:
    mesh = Mesh.uncut((Axis("g", 3),))
    layout = make_layout({}, ("g",), "max")
    value = np.arange(6.0)

    blocks = scatter(value, ("a",), layout, mesh, np.random.default_rng(0))

    assert not np.array_equal(blocks[0], value)
    assert np.array_equal(blocks.max(axis=0), value)
