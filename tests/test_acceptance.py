"""What a demanding user tries first: the reference case changed in every way, and programs that must agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import helixc
from helixc.analysis.report import build_report
from helixc.compiler import Compilation
from helixc.diagnostics import Diagnostic, HelixError
from helixc.interp.verify import verify
from helixc.ir.spmd import Move, walk

FOLDER = Path(__file__).parent.parent / "examples"
REFERENCE = (FOLDER / "helix_16.hx").read_text(encoding="utf-8")
PLANS = ("published", "two_level", "megatron", "megatron_sp")
Facts = list[tuple[Any, ...]]


def with_mesh(n: int, m: int) -> str:
    """The reference case on another mesh; the plans with one axis use all of it."""
    text = REFERENCE.replace("mesh n = 4, m = 4", f"mesh n = {n}, m = {m}")
    return text.replace("mesh tp = node * gpu", f"mesh tp = {n * m}")


def compiled(text: str, plan: str | None = None, **sizes: int) -> Compilation:
    """A program from text."""
    return helixc.compile_text(text, plan=plan, settings=sizes)


def verdict(compilation: Compilation) -> str:
    """What executing the program at small sizes says."""
    proof = verify(compilation.logical, compilation.stages[1:])
    assert proof.replicas_equal
    return proof.verdict


def refusal(text: str, plan: str, **sizes: int) -> tuple[Diagnostic, ...]:
    """Why a program is refused."""
    with pytest.raises(HelixError) as raised:
        compiled(text, plan, **sizes)
    return raised.value.diagnostics


def facts(compilation: Compilation, names: Mapping[str, str] | None = None) -> Facts:
    """Every collective of the report in order, and the seconds of the whole, names translated."""
    report = build_report(compilation.spmd).to_dict()
    known = names or {}
    rows = [
        (
            known.get(row["layer"], row["layer"]), row["index"], row["kind"],
            [known.get(axis, axis) for axis in row["mesh_axes"]],
            row["group_size"], row["groups"], row["bytes_per_gpu"], row["seconds"],
        )
        for row in report["collectives"]
    ]  # fmt: skip
    return [*rows, (report["critical_path"]["seconds"], report["totals"], report["memory"]["fits"])]


@cache
def reference(plan: str) -> Facts:
    """The facts of a plan of the reference case as it is written."""
    return facts(compiled(REFERENCE, plan))


# --- the example, changed


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(
    ("sizes", "legal"),
    [({"head": 10}, ("8190", "8200")), ({"embed": 8190}, ("8176", "8192"))],
    ids=["10 heads", "embed 8190"],
)
def test_heads_that_do_not_divide_the_width_are_refused_with_the_nearest_sizes(
    plan: str, sizes: dict[str, int], legal: tuple[str, ...]
) -> None:
    (found,) = refusal(REFERENCE, plan, **sizes)
    assert (found.code, found.legal) == ("HX0304", legal)
    assert "head_dim = embed / head" in REFERENCE.splitlines()[found.span.line - 1]


@pytest.mark.parametrize("plan", PLANS)
def test_ten_heads_do_not_divide_over_the_mesh_and_the_legal_sizes_are_listed(plan: str) -> None:
    (found,) = refusal(REFERENCE, plan, head=10, embed=10_240)
    assert found.code == "HX0524"
    assert found.message.startswith("`head` (10) does not divide over ")
    assert found.legal[0] == "an axis of 1, 2, 5 or 10 GPUs"


@pytest.mark.parametrize("plan", ["megatron", "megatron_sp"])
def test_ten_heads_on_ten_gpus_are_equal_to_the_model(plan: str) -> None:
    found = compiled(with_mesh(2, 5), plan, head=10, embed=10_240)
    assert verdict(found) == "equal"
    assert [d.code for d in found.diagnostics] == ["HX0505"]


@pytest.mark.parametrize("plan", PLANS)
def test_three_by_five_is_refused_where_sizes_do_not_divide(plan: str) -> None:
    found = refusal(with_mesh(3, 5), plan)
    assert {d.code for d in found if d.severity == "error"} == {"HX0524"}
    assert all(d.legal for d in found if d.severity == "error")


@pytest.mark.parametrize("plan", PLANS)
def test_three_by_five_is_right_where_sizes_divide(plan: str) -> None:
    found = compiled(with_mesh(3, 5), plan, head=15, embed=38_400, seq=9000)
    assert verdict(found) == ("approximation" if plan == "published" else "equal")
    assert found.spmd.mesh.devices == 15
    assert "HX0505" in [d.code for d in found.diagnostics]
    assert {row[4] for row in facts(found)[:-1]} <= {3, 5, 15}


@pytest.mark.parametrize("plan", PLANS)
def test_one_gpu_communicates_with_nobody(plan: str) -> None:
    text = with_mesh(1, 1)
    text = text.replace("level node = 2", "level node = 1").replace(
        "level gpu = 8", "level gpu = 1"
    )
    found = compiled(text, plan)
    assert verdict(found) == "equal"
    assert facts(found)[:-1] == []
    assert found.spmd.mesh.devices == 1


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(("n", "m"), [(16, 1), (1, 16)])
def test_an_axis_of_size_one_takes_no_part(plan: str, n: int, m: int) -> None:
    found = compiled(with_mesh(n, m), plan)
    assert verdict(found) == ("approximation" if (plan, n) == ("published", 1) else "equal")
    assert {row[4] for row in facts(found)[:-1]} == {16}


def test_a_plan_without_lines_repeats_the_work_and_says_so() -> None:
    models = REFERENCE.split("plan published")[0]
    found = compiled(models + "plan idle for helix on two_nodes { mesh n = 4, m = 4 }")
    assert verdict(found) == "equal"
    assert facts(found)[:-1] == []
    assert [d.code for d in found.diagnostics].count("HX0523") == 2


def test_a_file_without_a_plan_is_refused_by_name() -> None:
    (found,) = refusal(REFERENCE.split("plan published")[0], "published")
    assert found.code.startswith("HX02")
    assert "published" in found.message or "no plan" in found.message


# --- other names


NAMES = {
    "batch": "b0", "seq": "mha2", "embed": "width", "head": "team", "head_dim": "lane", "hidden": "wide",
    "key": "seen", "mha": "seq2", "mlp": "x9", "attend": "layer_norm2", "helix": "over2", "wq": "q1", "wk": "q2",
    "wv": "q3", "wo": "q4", "w1": "u", "w2": "uu", "scores": "similar", "attended": "mixed", "n": "outer2",
    "m": "mesh2", "tp": "t", "two_nodes": "machines", "two_level": "plan2", "x": "stream", "y": "copied",
    "partitioned": "cut", "tensor_parallel": "cut2", "published": "plan1", "megatron": "plan3",
    "megatron_sp": "plan4",
}  # fmt: skip


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with whole words exchanged."""
    return re.sub(r"[A-Za-z_][A-Za-z0-9_]*", lambda word: names.get(word[0], word[0]), text)


@pytest.mark.parametrize("plan", PLANS)
def test_every_name_may_be_another(plan: str) -> None:
    text = renamed(REFERENCE, NAMES)
    back = {new: old for old, new in NAMES.items()}
    assert renamed(text, back) == REFERENCE
    found = compiled(text, NAMES[plan])
    assert facts(found, back) == reference(plan)
    assert verdict(found) == ("approximation" if plan == "published" else "equal")


def test_names_that_sort_the_other_way_round_change_nothing() -> None:
    words = sorted(NAMES)
    mirrored = dict(zip(words, (f"z{len(words) - i:02}" for i in range(len(words))), strict=True))
    back = {new: old for old, new in mirrored.items()}
    for plan in PLANS:
        found = compiled(renamed(REFERENCE, mirrored), mirrored[plan])
        assert facts(found, back) == reference(plan)


# --- the same program, said otherwise


def test_the_order_of_independent_statements_means_nothing() -> None:
    lines = [f"  {v} = matmul({s}, w{v}, over embed)\n" for v, s in zip("qkv", "xyy", strict=True)]
    text = "".join(lines)
    assert text in REFERENCE
    for order in ((2, 1, 0), (1, 2, 0)):
        other = REFERENCE.replace(text, "".join(lines[i] for i in order))
        for plan in PLANS:
            assert facts(compiled(other, plan)) == reference(plan)


def test_a_layer_in_two_pieces_is_the_layer() -> None:
    whole = "  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)\n"
    pieces = "  inner = widen(x, w1)\n  return narrow(inner, w2)\n"
    layers = (
        "\nlayer widen(x: [.., embed], w: [embed, hidden]) -> [.., hidden] {\n"
        "  return gelu(matmul(x, w, over embed))\n}\n"
        "layer narrow(x: [.., hidden], w: [hidden, embed]) -> [.., embed] {\n"
        "  return matmul(x, w, over hidden)\n}\n"
    )
    assert whole in REFERENCE
    text = REFERENCE.replace(whole, pieces) + layers
    for plan in PLANS:
        assert facts(compiled(text, plan)) == reference(plan)


BLOCK = "    x = x + mha(layer_norm(x, over embed))\n    x = x + mlp(layer_norm(x, over embed))\n"
REPEAT = f"  repeat 2 {{\n{BLOCK}  }}\n"


def amounts(compilation: Compilation) -> Counter[tuple[Any, ...]]:
    """Collectives by what they cost, whichever layer they belong to."""
    return Counter((row[2], tuple(row[3]), *row[4:8]) for row in facts(compilation)[:-1])


@pytest.mark.parametrize("plan", PLANS)
def test_two_layers_unrolled_by_hand_are_exactly_twice_one(plan: str) -> None:
    assert REPEAT in REFERENCE
    once = amounts(compiled(REFERENCE.replace(REPEAT, BLOCK), plan))
    twice = amounts(compiled(REFERENCE.replace(REPEAT, BLOCK * 2), plan))
    turned = amounts(compiled(REFERENCE, plan))
    assert twice == turned == Counter({row: 2 * count for row, count in once.items()})


@pytest.mark.parametrize("plan", PLANS)
def test_a_repeat_with_two_blocks_in_its_body_is_the_repeat_twice_as_long(plan: str) -> None:
    four = REFERENCE.replace("repeat 2 {", "repeat 4 {")
    paired = REFERENCE.replace(REPEAT, f"  repeat 2 {{\n{BLOCK * 2}  }}\n")
    assert amounts(compiled(four, plan)) == amounts(compiled(paired, plan))


# --- plans for single turns


TURNS = REFERENCE.split("plan published")[0].replace("repeat 2 {", "repeat 5 {")
FIRST_AND_LAST = """
plan edges for helix on two_nodes {
  mesh tp = gpus
  in layer[1..-2].mha { shard head over tp }
  in layer[1..-2].mlp { shard hidden over tp }
  in layer[0].mlp { shard hidden over tp }
  in layer[-1].mha { shard head over tp }
}
"""


def test_turns_by_number_differ_and_keep_their_numbers() -> None:
    found = compiled(TURNS + FIRST_AND_LAST)
    rows = facts(found)[:-1]
    assert sorted((row[1], row[0]) for row in rows) == [
        (0, "mlp"),
        *((turn, layer) for turn in (1, 2, 3) for layer in ("mha", "mlp")),
        (4, "mha"),
    ]
    assert {row[2] for row in rows} == {"all_reduce"}
    assert verdict(found) == "equal"


@pytest.mark.parametrize(
    ("path", "same"),
    [("layer[0]", "layer[-5]"), ("layer[4]", "layer[-1]"), ("layer[1..3]", "layer[1..-2]"),
     ("layer", "layer[0..-1]"), ("layer[2]", "layer[2..2]")],
)  # fmt: skip
def test_turns_counted_from_the_end_are_the_same_turns(path: str, same: str) -> None:
    lines = "plan p for helix on two_nodes {{ mesh tp = gpus\n in {0}.mlp {{ shard hidden over tp }} }}\n"
    one, other = (compiled(TURNS + lines.format(p)) for p in (path, same))
    assert facts(one) == facts(other)
    assert facts(one)[:-1]


def test_all_turns_named_one_by_one_are_all_turns() -> None:
    lines = "".join(f"  in layer[{i}].mlp {{ shard hidden over tp }}\n" for i in range(5))
    one = compiled(f"{TURNS}plan p for helix on two_nodes {{\n  mesh tp = gpus\n{lines}}}\n")
    plan = "plan p for helix on two_nodes { mesh tp = gpus; in mlp { shard hidden over tp } }\n"
    assert amounts(one) == amounts(compiled(TURNS + plan))
    assert verdict(one) == "equal"


# --- GPT-3


@pytest.mark.parametrize(
    ("plan", "kinds"),
    [("tp8", ["all_reduce"]), ("tp8_sp", ["all_gather", "reduce_scatter"])],
)
def test_gpt3_communicates_as_megatron_does_in_every_one_of_its_layers(
    plan: str, kinds: list[str]
) -> None:
    found = helixc.compile(FOLDER / "gpt3_175b.hx", plan=plan)
    expected = [
        (layer, turn, kind) for turn in range(96) for layer in ("mha", "mlp") for kind in kinds
    ]
    rows = facts(found)[:-1]
    assert sorted((row[1], row[0], row[2]) for row in rows) == sorted(
        (turn, layer, kind) for layer, turn, kind in expected
    )
    activation = 8 * 2048 * 12_288 * 2
    share = {"all_reduce": 14, "all_gather": 7, "reduce_scatter": 7}
    assert all(row[6] == share[row[2]] * activation // 8 and row[4] == 8 for row in rows)
    inside = [s for s in walk(found.spmd.body) if isinstance(s, Move)]
    assert len(inside) == 2 * len(kinds)
