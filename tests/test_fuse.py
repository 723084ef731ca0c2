"""The plan line ``fuse``: what becomes one kernel, what it needs, what it costs, and what is refused."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import draw_program

import helixc
from helixc.analysis.local_compute import local_compute
from helixc.compiler import Compilation, compile_text
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.emit.drawings import draw
from helixc.inspect.inspection import inspect_dot
from helixc.interp.verify import verify
from helixc.ir.attention import AttentionShape
from helixc.ir.invariants_places import LOGICAL_SCOPES
from helixc.ir.invariants_plan import KERNELS_MADE, LOCALS_MADE
from helixc.ir.layout import AllGather, AllToAll
from helixc.ir.logical import Logical
from helixc.ir.ops import Fused
from helixc.ir.source import Sources
from helixc.ir.spmd import Compute, Move, Spmd, walk
from helixc.passes.contract import PipelineError, plan_pipeline
from helixc.pipeline import to_spmd

EXAMPLES = Path(__file__).parent.parent / "examples"
HELIX = (EXAMPLES / "helix_16.hx").read_text(encoding="utf-8")
HARDWARE = """
gpu chip { memory = 1000 PB; bandwidth = 2.68 TB/s; bf16 = 593.4 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
cluster box { gpu chip; level gpu = 4 via wire }
"""


def with_kernel(plan: str, line: str = "in mha { fuse attend }") -> Compilation:
    """The reference case with one line more at the end of a plan."""
    head = f"plan {plan} for helix on two_nodes {{\n"
    before, after = HELIX.split(head)
    mesh, rest = after.split("\n", 1)
    return compile_text(f"{before}{head}{mesh}\n  {line}\n{rest}", plan=plan)


def model(body: str, plan: str, *layers: str) -> Compilation:
    text = f"model m {{\n{body}\n}}\n" + "\n".join(layers)
    return compile_text(f"{text}\n{HARDWARE}plan p for m on box {{\n  mesh tp = 4\n  {plan}\n}}\n")


def kernels(compiled: Compilation) -> list[Compute]:
    computes = (s for s in walk(compiled.spmd.body) if isinstance(s, Compute))
    return [compute for compute in computes if isinstance(compute.op.params, Fused)]


def factors(compiled: Compilation) -> dict[str, str]:
    """The factors of the one kernel of a program, with their tags."""
    (kernel,) = kernels(compiled)
    return {f.name: f.tag for f in local_compute(kernel, compiled.spmd).rule}


def steps(compiled: Compilation) -> list[tuple[str, type]]:
    moves = [s for s in walk(compiled.spmd.body) if isinstance(s, Move)]
    return [(move.why.value, type(move.step)) for move in moves]


def verdict(compiled: Compilation) -> str:
    stages = [(n, p) for n, p in compiled.stages[1:] if isinstance(p, Logical | Spmd)]
    return verify(compiled.logical, stages).verdict


def refusal(body: str, plan: str, *layers: str) -> str:
    with pytest.raises(HelixError) as refused:
        model(body, plan, *layers)
    (found,) = refused.value.diagnostics
    assert found.code == "HX0530"
    return "; ".join([found.message, *(note.message for note in found.notes), *found.legal])


# --- the reference case


@pytest.mark.parametrize("plan", ["two_level", "megatron", "megatron_sp"])
def test_fused_attention_has_no_scores_and_the_same_meaning(plan: str) -> None:
    compiled = with_kernel(plan)
    plain = helixc.compile(EXAMPLES / "helix_16.hx", plan=plan)

    assert verdict(compiled) == "equal"
    alive = [live.name for live in compiled.report.memory.peak]
    assert not [name for name in alive if "scores" in name or "softmax" in name]
    assert compiled.report.memory.peak_bytes < plain.report.memory.peak_bytes
    assert compiled.report.macs_per_gpu == plain.report.macs_per_gpu
    assert compiled.report.critical_path.picoseconds < plain.report.critical_path.picoseconds


def test_what_splits_head_dim_is_exchanged_with_the_weights() -> None:
    """Inside the kernel `head_dim` is summed over before a softmax, so no way leaves scores partial."""
    compiled = with_kernel("two_level")
    exchanged = [value for value, step in steps(compiled) if step is AllToAll]

    assert [value.split(".")[-1] for value in exchanged] == ["wq", "wk", "wv", "wo"]
    (kernel, *_) = kernels(compiled)
    rule = {f.name: f.tag for f in local_compute(kernel, compiled.spmd).rule}
    assert (rule["head"], rule["key"], rule["q.head_dim"]) == ("pass", "whole", "whole")
    assert rule["head_dim"] == "pass"  # that of the values, which the result has


def test_under_strict_queries_and_keys_are_gathered_and_values_stay_split() -> None:
    compiled = with_kernel("two_level", "in mha { fuse attend; strict }")
    gathered = [value for value, step in steps(compiled) if step is AllGather]

    assert gathered == ["q", "k"]
    assert verdict(compiled) == "equal"


def test_an_approximation_inside_a_kernel_is_carried_out_first() -> None:
    compiled = with_kernel("published")

    assert verdict(compiled) == "approximation"
    (kernel, *_) = kernels(compiled)
    shape = local_compute(kernel, compiled.spmd).operator.attention
    assert shape is not None
    assert (shape.batch, shape.head_dim) == (4 * 1024, 128)


def test_a_kernel_stands_in_formula_and_table_of_the_report() -> None:
    report = with_kernel("megatron").report

    terms = {
        step.term for step in report.critical_path.steps for step in getattr(step, "steps", (step,))
    }
    assert "Attention_Time(1024, 10000, 10000, 512)" in terms
    shown = {(m.name, m.shape.get_time) for m in report.matmuls}
    assert ("scores", "Get_Time(10000, 512, 10000, batch=1024)") in shown


# --- other models


def test_a_split_along_the_keys_gathers_keys_and_values() -> None:
    compiled = helixc.compile(EXAMPLES / "fused_attention.hx", plan="context")

    assert steps(compiled) == [("k", AllGather), ("v", AllGather)]
    (kernel,) = kernels(compiled)
    shape = local_compute(kernel, compiled.spmd).operator.attention
    assert shape == AttentionShape(
        batch=8, group=8, queries=8192, keys=65_536, head_dim=128, value_dim=128, causal=True
    )


LINEAR = """
  dim a = 8, b = 16, c = 4
  input x: f32[a, b]
  weight w: f32[b, c]
  {}
  output y
"""


def test_a_product_that_is_only_scaled_may_stay_a_partial_sum() -> None:
    compiled = model(LINEAR.format("y = -matmul(x, w, over b) / 3"), "shard b over tp\n  fuse y")

    assert factors(compiled)["b"] == "sum"
    assert kernels(compiled)[0].layout.partial == ("tp",)
    assert verdict(compiled) == "equal"


@pytest.mark.parametrize(
    "line",
    [
        "y = gelu(matmul(x, w, over b))",
        "y = matmul(x, w, over b) + 1",
        "p = matmul(x, w, over b)\n  y = p * p",
    ],
)
def test_a_product_before_anything_else_is_needed_whole(line: str) -> None:
    fused = "fuse p, y" if "p =" in line else "fuse y"
    compiled = model(LINEAR.format(line), f"shard b over tp\n  {fused}")

    assert factors(compiled)["b"] == "whole"
    assert verdict(compiled) == "equal"


def test_a_dimension_that_meets_itself_inside_is_needed_whole() -> None:
    compiled = model(
        """
        dim a = 8, b = 16
        input x: f32[a, b]
        other = rename(x, a -> k)
        y = softmax(matmul(x, other, over b), over k)
        output y""",
        "shard a over tp\n  fuse other, y",
    )

    assert factors(compiled) == {"a": "whole", "b": "whole", "k": "whole"}
    assert verdict(compiled) == "equal"


def test_masks_inside_a_kernel_see_positions_of_the_whole() -> None:
    line = "y = where(index(a) < 5, x, tanh(x) * (index(a) + 1))"
    compiled = model(
        f"dim a = 8, b = 4\n input x: f32[a, b]\n {line}\n output y", "shard a over tp\n fuse y"
    )

    assert kernels(compiled)[0].way == (("tp", "a"),)
    assert verdict(compiled) == "equal"


def test_micro_batches_and_kernels_go_together() -> None:
    compiled = with_kernel("megatron", "microbatches 8 over batch\n  in mha { fuse attend }")

    assert verdict(compiled) == "equal"
    (kernel, *_) = kernels(compiled)
    shape = local_compute(kernel, compiled.spmd).operator.attention
    assert shape is not None
    assert shape.batch == 1024 // 8


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_drawn_programs_with_kernels_pass_their_inspection(random: object) -> None:
    text = draw_program(getattr(random, "choice"))  # noqa: B009 - its type is not declared
    try:
        program = compile_text(text).spmd
    except HelixError:
        return
    for drawing in draw(program)[0]:
        assert inspect_dot(drawing.dot, drawing.stem).findings == ()


def test_a_drawing_whose_kernel_does_not_add_up_is_found_out() -> None:
    drawing = next(d for d in with_kernel("megatron").drawings if "mha" in d.stem)

    assert inspect_dot(drawing.dot, "sound").findings == ()
    for old, new in (
        ("seq . . -> seq", "seq . . -> head"),
        ("key 10000, head 1", "key 9999, head 1"),
    ):
        assert old in drawing.dot
        found = inspect_dot(drawing.dot.replace(old, new, 1), "tampered").findings
        assert "HX0910" in {finding.code for finding in found}


ACT = "layer act(x: [..]) -> [..] { return gelu(x) * 2 }"
PLAIN = "dim a = 8, b = 4\n input x: f32[a, b]\n {}\n output {}"
GELU_MUL = ["gelu", "mul"]


@pytest.mark.parametrize(
    ("body", "line", "members"),
    [
        (
            "mask = index(a) <= index(b)\n y = where(mask, x, 0)",
            "fuse mask",
            [["index", "index", "le"]],
        ),
        ("y = act(x) + act(x)", "fuse act", [GELU_MUL, GELU_MUL]),
        ("y = x\n repeat 2 { y = y + act(y) }", "fuse layer", [[*GELU_MUL, "add"]]),
        ("y = x\n repeat 2 { y = y + act(y) }", "fuse act", [GELU_MUL]),
        ("y = x\n repeat 3 { y = y + act(y) }", "in layer[0..1] { fuse act }", [GELU_MUL]),
        ("y = act(x) + act(x * 2)", "fuse act[1]", [GELU_MUL]),
        ("y = act(act(x))", "fuse act\n fuse act", [GELU_MUL, GELU_MUL]),
        ("unread = tanh(x) * 2\n y = exp(x)", "fuse unread", [["tanh", "mul"]]),
        ("p = tanh(x)\n q = exp(p)\n y = p + q", "fuse p, y", [["tanh", "exp", "add"]]),
    ],
)
def test_a_line_makes_a_kernel_of_each_thing_that_it_names(
    body: str, line: str, members: list[list[str]]
) -> None:
    compiled = model(PLAIN.format(body, "y"), f"shard a over tp\n {line}", ACT)
    made = [k.op.params for k in kernels(compiled)]

    assert [[op.kind for op in fused.body] for fused in made if isinstance(fused, Fused)] == members
    assert verdict(compiled) == "equal"


# --- refusals


MLP = "layer mlp(x: [.., b]) -> [.., b] { weight w: [b, c]; weight v: [c, b]; return matmul(gelu(matmul(x, w, over b)), v, over c) }"


def test_two_products_need_a_reduction_between_them() -> None:
    body = "dim a = 8, b = 16, c = 4\n input x: f32[a, b]\n y = act(mlp(x))\n output y"
    text = refusal(body, "shard c over tp\n fuse mlp", MLP, ACT)

    assert "no softmax or other reduction" in text
    assert "fuse act" in text  # what could be


def test_three_products_are_too_many() -> None:
    body = "dim a = 8, b = 16, c = 4\n input x: f32[a, b]\n weight u: f32[b, c]\n y = matmul(mlp(x), u, over b)\n output y"
    last = (
        "layer outer(x: [.., b]) -> [.., c] { weight u: [b, c]; return matmul(mlp(x), u, over b) }"
    )
    text = refusal(
        body.replace("matmul(mlp(x), u, over b)", "outer(x)"),
        "shard a over tp\n fuse outer",
        MLP,
        last,
    )

    assert "3 matrix products" in text


def test_what_is_read_outside_is_named_with_its_reader() -> None:
    body = "dim a = 8\n input x: f32[a]\n p = gelu(x)\n q = tanh(p) + 1\n r = p * q\n output r"
    text = refusal(body, "shard a over tp\n fuse p, q")

    assert "`p`, `q` leave it" in text
    assert "`p` is read by `r`" in text


def test_a_dimension_that_never_leaves_a_kernel_is_refused() -> None:
    body = "dim a = 8, b = 4\n input x: f32[a]\n y = x * sum(index(b), over b)\n output y"

    assert "`b` is made and used up inside" in refusal(body, "shard a over tp\n fuse y")


# --- the order of passes


PASSES = to_spmd(Choice())
NAMES = [step.name for step in PASSES]


@pytest.mark.parametrize(
    ("first", "second"), [("approximate", "fuse"), ("fuse", "ring"), ("ring", "expand")]
)
def test_kernels_are_made_after_approximations_and_before_rings_and_expansions(
    first: str, second: str
) -> None:
    assert (first, second) in pairwise(NAMES)
    swap = {first: second, second: first}
    by_name = {step.name: step for step in PASSES}

    with pytest.raises(PipelineError):
        plan_pipeline([by_name[swap.get(name, name)] for name in NAMES], Sources)


@given(parents=st.lists(st.integers(-3, 9), min_size=9, max_size=9))
def test_scopes_that_form_no_tree_hang_no_check(parents: list[int]) -> None:
    program = fused_reference()
    torn = attrs.evolve(
        program,
        scopes=tuple(
            map(lambda scope, parent: attrs.evolve(scope, parent=parent), program.scopes, parents)
        ),
    )
    found = [d for fact in (LOGICAL_SCOPES, LOCALS_MADE, KERNELS_MADE) for d in fact.check(torn)]
    assert (found == []) == (torn == program)


@cache
def fused_reference() -> Logical:
    stages = [made for _, made in with_kernel("two_level").stages if isinstance(made, Logical)]
    return stages[-1]
