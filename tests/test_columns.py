"""Many plans at once: every number of every plan is the one that ``compile`` gives under ``strict``."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from math import prod
from pathlib import Path

import pytest

import helixc
from helixc.analysis.report import build_report
from helixc.columns.alone import refusal
from helixc.columns.evaluation import Evaluation, Table, evaluate, evaluate_sources
from helixc.columns.groups import COLUMNS
from helixc.columns.structures import structures
from helixc.compiler import compile_sources, make_choice
from helixc.diagnostics import HelixError
from helixc.elaborate.choice import Choice
from helixc.ir.source import Sources
from helixc.text.loader import load_text

EXAMPLES = Path(__file__).parent.parent / "examples"
HARDWARE = """
gpu small_gpu { memory = 60 MB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }
link near { bandwidth = 400 GB/s; latency = 2 us }
link far { bandwidth = 50 GB/s; latency = 9 us }
cluster box { gpu small_gpu; level node = 4 via far; level gpu = 8 via near }
cluster odd { gpu small_gpu; level pod = 2 via far; level node = 3 via far; level gpu = 5 via near }
"""
ATTENTION = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv, group, width]
  weight wk, wv: [embed, kv, width]
  weight wo: [kv, group, width, embed]
  weight bo: [embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v)
  return matmul(attended, wo, over kv, group, width) + bo
}
layer attend(q: [.., seq, width], k: [.., key, width], v: [.., key, width]) -> [.., seq, width] {
  scores = matmul(q, k, over width) / sqrt(width)
  past = where(index(key) <= index(seq), scores, -30_000)
  return matmul(softmax(past, over key), v, over key)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up, gate: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(silu(matmul(x, gate, over embed)) * matmul(x, up, over embed), down, over hidden)
}
"""
GROUPED = (
    """
model m {
  dim batch = 24, seq = 120, embed = 240, kv = 6, group = 20, width = 24, hidden = 720
  input x: bf16[batch, seq, embed]
  repeat 3 {
    x = x + mha(layer_norm(x, over embed))
    x = x + mlp(rms_norm(x, over embed))
  }
  output x
}
"""
    + ATTENTION
    + HARDWARE
)
MIXER = (
    (EXAMPLES / "custom_layer.hx").read_text(encoding="utf-8").split("cluster four_h200")[0]
    + HARDWARE
).replace(
    "batch = 256, patch = 1024, embed = 4096, token = 8192",
    "batch = 24, patch = 120, embed = 240, token = 240",
)
BARE = (
    """
model m {
  dim a = 24, b = 60, c = 40, d = 240
  input x: bf16[a, b, c]
  frozen table: f8[c, d]
  weight w: [c, d]
  weight v: [d, c]
  y = matmul(x, w, over c) + matmul(x, table, over c)
  z = softmax(matmul(y, v, over d), over b)
  output z
  output most = max(y, over d)
  output all = sum(x * z, over a, b)
}
"""
    + HARDWARE
)
EXPERTS = (
    """
model m {
  dim batch = 24, seq = 120, embed = 240, hidden = 720, expert = 120, pick = 7, place = 20
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + experts(x) }
  output x
}
layer experts(x: [.., seq, embed]) -> [.., seq, embed] {
  weight gate: [embed, expert]
  weight up: [expert, embed, hidden]
  weight down: [expert, hidden, embed]
  best, choice = top_k(matmul(x, gate, over embed), expert -> pick)
  sent = dispatch(x, choice, over expert, slot)
  made = matmul(gelu(matmul(sent, up, over embed)), down, over hidden)
  some = combine(made, choice, over expert, slot)
  waiting = dispatch(x, choice, seq -> place, over expert)
  late = combine(waiting, choice, place -> seq, over expert)
  return matmul(some + late, best, over pick)
}
"""
    + HARDWARE
)
AXES = ("u", "v", "w")
SIZES = (1, 2, 3, 4, 5, 6, 8)
STRUCTURES = {
    "grouped": (
        GROUPED,
        "m",
        (
            "shard batch over u; in mha { shard kv, group over v; shard width over w }; in mlp { shard hidden over v, w }",
            "shard batch over u; shard seq over v, w; in mha { shard kv, group over v, w }; in mlp { shard hidden over w, v }",
            "shard seq, key over u; shard embed over v; in mlp { shard hidden over w }",
            "shard batch over u; shard seq over v; in mha.attend { shard kv, group over v }; in mlp { shard hidden over w; keep weights }",
            "shard batch over w, u; in mha { shard key over v }; in mlp { shard hidden over v; shard seq over w }",
            "microbatches 4 over batch; shard batch over u; in mha { shard kv, group over v }; in mlp { shard hidden over v, w }",
            "fuse mha.attend; shard batch over u; shard seq, key over w; in mha { shard kv, group over v }; in mlp { shard hidden over v }",
            "shard batch over u, v; store weights over u; in mha { shard kv, group over w }; in mlp { shard hidden over w; store weights over v }; in mha.bo { replicate all }",
            "shard batch over u; store weights over v, u; in mha { shard kv, group over w }; in mlp.down { shard hidden over w, v }",
            "in layer[0] { shard batch over u }; in layer[1..2] { shard seq over u; shard embed over v }; in mha.wo { shard embed over w }",
        ),
    ),
    "mixer": (
        MIXER,
        "mixer",
        (
            "shard batch over u; in mix { shard token over v, w }; in gated { shard hidden over v, w }",
            "shard patch over u; shard embed over v; in mix { shard token over u }; in gated { shard hidden over w }",
            "shard embed over u, w; in gated { shard hidden over u; replicate embed }; shard batch over v",
        ),
    ),
    "experts": (
        EXPERTS,
        "m",
        (
            "shard batch over u, v; in experts { shard expert over u, v; shard hidden over w; in gate { replicate expert } }",
            "shard seq over u; in experts { shard slot over u; shard expert over v, w; in gate, choice, best { replicate expert } }",
        ),
    ),
    "bare": (
        BARE,
        "m",
        (
            "shard a over u; shard b over v; shard d over w",
            "shard c over u, v; shard d over w",
            "shard a over u; shard d over w; store weights over u, v",
            "shard d, c over u, v; shard b over w",
            "shard b over u; in w, v { shard c over v; shard d over w }; in y { shard d over v }",
        ),
    ),
}
CASES = [(name, plan) for name, (_, _, plans) in STRUCTURES.items() for plan in range(len(plans))]
ROWS = 80  # 20 structures: more than 1000 plans in all


def drawn(seed: str, gpus: int) -> list[tuple[int, ...]]:
    """Different sizes of three axes, some of them uneven, a few too many for the cluster."""
    pick = random.Random(seed)
    rows: dict[tuple[int, ...], None] = {}
    while len(rows) < ROWS:
        row = tuple(pick.choice(SIZES) for _ in AXES)
        if prod(row) <= gpus or not pick.randrange(20):
            rows[row] = None
    return list(rows)


def plan_text(
    name: str,
    model: str,
    cluster: str,
    row: Sequence[int],
    lines: str,
    axes: Sequence[str] = AXES,
) -> str:
    mesh = ", ".join(f"{axis} = {size}" for axis, size in zip(axes, row, strict=True))
    body = lines.replace("; ", "\n  ").replace("{ ", "{\n").replace(" }", "\n}")
    return f"plan {name} for {model} on {cluster} {{\n  mesh {mesh}\n  {body}\n}}\n"


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_number_is_what_compile_gives_under_strict(name: str, number: int) -> None:
    text, model, structures = STRUCTURES[name]
    lines = structures[number]
    cluster, gpus = (("box", 32), ("odd", 30))[number % 2]
    rows = drawn(f"{name} {number}", gpus)
    orders = list(permutations(AXES))
    table = {f"order{index}": rows[index :: len(orders)] for index in range(len(orders))}
    for order, (plan, own) in zip(orders, table.items(), strict=True):
        text += plan_text(plan, model, cluster, (1, 1, 1), lines, order)
        for index, row in enumerate(own):
            one = f"{plan}_{index}"
            text += plan_text(one, model, cluster, row, f"strict; {lines}", order)
    sources = load_text(text, "columns.hx")

    found = evaluate_sources(sources, table)

    assert found.sizes == tuple(row for own in table.values() for row in own)
    names = [f"{plan}_{index}" for plan, own in table.items() for index in range(len(own))]
    for index, plan in enumerate(names):
        choice = make_choice(model, plan, None, None)
        row = (plan, found.sizes[index])
        assert (found.refused[index], numbers(found, index)) == expected(sources, choice), row


def evaluated(lines: str, rows: Sequence[Sequence[int]]) -> Evaluation:
    """Some plans of the grouped model, on uneven nodes."""
    text = GROUPED + plan_text("structure", "m", "odd", (1, 1, 1), lines)
    return evaluate_sources(load_text(text, "columns.hx"), {"structure": rows})


@pytest.mark.parametrize(
    "lines",
    [
        "in mha { shard kv over u; shard width over v via all_to_all }; in mlp { shard hidden over u, v, w }",
        "in mha { shard kv over u; shard width over v; local scores over v }; in mlp { shard hidden over w }",
        "shard group, kv over u; in mlp { shard hidden over u }; shard batch over v, w",
        "shard batch over v; in mha { shard kv over u; pad kv }; in mlp { shard hidden over w }",
    ],
)
def test_what_does_not_go_into_columns_is_compiled(lines: str) -> None:
    """Led, local and padded lines, and cuts that do not nest (12 over 20 and 6 in one order)."""
    rows = [(2, 2, 2), (6, 2, 1), (12, 2, 1), (3, 4, 2), (1, 1, 1)]
    found = evaluated(lines, rows)

    text = GROUPED
    for index, row in enumerate(rows):
        text += plan_text(f"p{index}", "m", "odd", row, f"strict; {lines}")
    sources = load_text(text, "columns.hx")
    for index, row in enumerate(rows):
        choice = make_choice("m", f"p{index}", None, None)
        assert (found.refused[index], numbers(found, index)) == expected(sources, choice), row


def test_a_table_may_be_empty_and_its_plans_on_clusters_of_different_memory(tmp_path: Path) -> None:
    path = tmp_path / "two.hx"
    path.write_text(
        """
model m { dim a = 64, b = 64
  input x: f32[a, b]
  output y = x + x }
gpu small { memory = 12 kB; bandwidth = 1 TB/s; f32 = 1 TFLOP/s }
gpu large { like = small; memory = 1e24 B }
link wire { bandwidth = 1 GB/s; latency = 1 us }
cluster one { gpu small; level gpu = 2 via wire }
cluster two { gpu large; level gpu = 2 via wire }
plan p for m on one { mesh t = 2; shard a over t }
plan q for m on two { mesh t = 2; shard a over t }
"""
    )
    found = evaluate(path, {"q": [(1,), (2,)], "p": [(2,)]})
    assert found.fits.tolist() == [True, True, False]
    empty: list[Table] = [{}, {"p": []}]
    for table in empty:
        nothing = evaluate(path, table)
        assert (nothing.picoseconds.tolist(), nothing.fits.tolist()) == ([], [])


def test_plans_of_one_file_are_evaluated_together() -> None:
    """Columns follow the table; what does not fit and what is refused is said."""
    table = {"tp8_sp": [(8,), (2,)], "tp8": [(16,), (5,), (1,)]}

    found = helixc.evaluate(EXAMPLES / "gpt3_175b.hx", table)

    assert found.structure == ("tp8_sp", "tp8_sp", "tp8", "tp8", "tp8")
    assert found.sizes == ((8,), (2,), (16,), (5,), (1,))
    assert found.refused == ("", "", "HX0504", "HX0524", "")
    assert found.fits.tolist() == [True, False, False, False, False]
    assert found.picoseconds[0] < found.picoseconds[1] < found.picoseconds[4]
    assert found.needed_bytes[0] == found.weights_bytes[0] + found.peak_bytes[0]
    assert found.received_bytes[4] == 0
    assert found.alone == 0
    assert min(found.shapes) > 0


@pytest.mark.parametrize("row", [(2, 2), (2, 0, 2)])
def test_a_row_has_a_size_for_every_axis(row: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="has the axes u, v, w"):
        evaluated("shard batch over u, v, w", [row])


def numbers(found: Evaluation, plan: int) -> dict[str, int]:
    """The row of a plan."""
    return {name: int(getattr(found, name)[plan]) for name in COLUMNS}


def expected(sources: Sources, choice: Choice) -> tuple[str, dict[str, int]]:
    """What refuses a plan, or what its report says."""
    try:
        program = compile_sources(sources, choice).spmd
    except HelixError as error:
        return refusal(error), dict.fromkeys(COLUMNS, 0)
    report = build_report(program)
    path, memory = report.critical_path, report.memory
    return "", {
        "picoseconds": path.picoseconds,
        "compute_picoseconds": path.compute_picoseconds,
        "communication_picoseconds": path.communication_picoseconds,
        "weights_bytes": memory.weights_bytes,
        "state_bytes": memory.state_bytes,
        "peak_bytes": memory.peak_bytes,
        "received_bytes": report.bytes_per_gpu,
    }


def test_plans_are_together_that_differ_in_the_order_of_their_axes_alone() -> None:
    text = GROUPED
    for name, axes, lines in (
        ("one", "uvw", "shard batch over u, v, w"),
        ("two", "wuv", "shard batch over u, v, w"),
        ("three", "uvw", "shard seq over u, v, w"),
        ("four", "uvx", "shard batch over u, v, x"),
    ):
        text += plan_text(name, "m", "odd", (1, 1, 1), lines, axes)

    found = structures(load_text(text, "columns.hx"), ["one", "three", "two", "four", "imported"])

    assert found == [
        {"one": ("u", "v", "w"), "two": ("w", "u", "v")},
        {"three": ("u", "v", "w")},
        {"four": ("u", "v", "x")},
        {"imported": ()},
    ]


def test_numbers_too_large_for_a_column_are_its_largest_and_never_fit(tmp_path: Path) -> None:
    """Sizes of 2^40 at one FLOP a second take longer than 2^63 picoseconds."""
    path = tmp_path / "absurd.hx"
    path.write_text("""
model m { dim a = 1_099_511_627_776, b = 1_099_511_627_776, c = 1_099_511_627_776
  input x: f32[a, b]
  weight w: [b, c]
  output y = matmul(x, w, over b) }
gpu chip { memory = 8_000_000 PB; bandwidth = 1 TB/s; f32 = 1 FLOP/s }
link wire { bandwidth = 1 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh t = 2; shard a over t }
""")
    compiled = helixc.compile(path).report
    assert compiled.critical_path.picoseconds > 2**63
    found = helixc.evaluate(path, {"p": [(1,), (2,)]})
    assert found.picoseconds.tolist() == found.needed_bytes.tolist() == [2**63 - 1] * 2
    assert found.fits.tolist() == [False, False]
