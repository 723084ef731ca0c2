"""The figures of the reference case, restated correctly: two layers on 4 x 4 GPUs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

import helixc
from helixc.analysis.report import Report
from helixc.emit.report_json import report_schema
from helixc.emit.report_markdown import report_markdown
from helixc.interp.verify import verify

EXAMPLE = Path(__file__).parent.parent / "examples" / "helix_16.hx"
PROJECTION = (1, 10_240_000, 8192, 512)
EXPECTED = {
    "mha": [
        PROJECTION,
        PROJECTION,
        PROJECTION,
        (4096, 10_000, 128, 10_000),
        (4096, 10_000, 10_000, 128),
        PROJECTION,
    ],
    "mlp": [(1, 10_240_000, 8192, 2048), (1, 10_240_000, 2048, 8192)],
}
MACS = {
    PROJECTION: 42_949_672_960_000,
    (4096, 10_000, 128, 10_000): 52_428_800_000_000,
    (4096, 10_000, 10_000, 128): 52_428_800_000_000,
    (1, 10_240_000, 8192, 2048): 171_798_691_840_000,
    (1, 10_240_000, 2048, 8192): 171_798_691_840_000,
}


@cache
def report(plan: str) -> Report:
    """The report of one plan of the example."""
    return helixc.compile(EXAMPLE, plan=plan).report


def rows(plan: str, part: str, layer: str, index: int) -> list[dict[str, Any]]:
    """The rows of one layer and turn, in order."""
    found = report(plan).to_dict()[part]
    return [row for row in found if (row["layer"], row["index"]) == (layer, index)]


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("layer", ["mha", "mlp"])
def test_every_multiplication_of_the_published_plan_has_the_right_dimensions(
    layer: str, index: int
) -> None:
    found = rows("published", "matmuls", layer, index)
    shapes = [(row["batch"], row["m"], row["k"], row["n"]) for row in found]
    assert shapes == EXPECTED[layer]
    for row, shape in zip(found, shapes, strict=True):
        assert row["macs_per_gpu"] == MACS[shape]
        assert row["flops_per_gpu"] == 2 * MACS[shape]
        assert (row["per_gpu"], row["total"]) == (1, 16)


def test_there_are_48_projections_of_q_k_and_v_in_a_layer() -> None:
    found = rows("published", "matmuls", "mha", 0)
    assert sum(row["total"] for row in found if row["name"] in ("q", "k", "v")) == 48
    assert found[0]["get_time"] == "Get_Time(10240000, 8192, 512)"
    assert found[3]["get_time"] == "Get_Time(10000, 128, 10000, batch=4096)"


def test_the_published_plan_joins_segments_first_and_then_head_groups() -> None:
    found = rows("published", "collectives", "mha", 1)
    facts = [(r["kind"], r["mesh_axes"], r["group_size"], r["bytes_per_gpu"]) for r in found]
    assert facts == [
        ("all_gather", ["m"], 4, 31_457_280_000),
        ("all_gather", ["n"], 4, 125_829_120_000),
        ("all_gather", ["n", "m"], 16, 157_286_400_000),
    ]
    assert [row["first_group"] for row in found[:2]] == [[0, 1, 2, 3], [0, 4, 8, 12]]
    (reduce,) = rows("published", "collectives", "mlp", 1)
    assert (reduce["kind"], reduce["bytes_per_gpu"]) == ("all_reduce", 314_572_800_000)


def test_the_time_is_a_sum_and_not_a_maximum() -> None:
    path = report("published").to_dict()["critical_path"]
    mha = next(part for part in path["layers"] if part["layer"] == "mha")
    assert path["outline"] == "2 x (mha + mlp)"
    assert path["expression"].startswith("2 x (")
    for term in (
        "4 x Get_Time(10240000, 8192, 512)",
        "Get_Time(10000, 128, 10000, batch=4096)",
        "Get_Time(10000, 10000, 128, batch=4096)",
        "All_Gather(31.457 GB, 4)",
    ):
        assert term in mha["expression"]
        assert term in path["expression"]
    assert path["seconds"] == pytest.approx(2 * sum(part["seconds"] for part in path["layers"]))
    assert "max" not in path["expression"]


def test_the_formulas_are_broken_before_a_plus_and_nothing_is_lost() -> None:
    section = report_markdown(report("published")).split("## Runtime")[1]
    formulas = section.split("```text\n")[1].split("```")[0].splitlines()
    layers = report("published").to_dict()["critical_path"]["layers"]
    joined = " ".join(" ".join(formulas).split())
    assert max(map(len, formulas)) <= 120
    for part in layers:
        assert f"{part['layer']} = {part['expression']}" in joined


def test_it_cannot_run_as_published_and_the_report_says_so() -> None:
    memory = report("published").to_dict()["memory"]
    assert not memory["fits"]
    assert memory["largest_activation_bytes"] == 819_200_000_000
    assert memory["weights_bytes_per_gpu"] == 2 * (4 * 8192 * 512 + 2 * 8192 * 2048) * 2
    assert [d.code for d in report("published").diagnostics].count("HX0701") == 1
    summary = report_markdown(report("published")).split("## Structure")[0]
    assert "this cannot run as planned" in summary
    assert "819.200 GB" in summary


def test_the_structure_is_the_published_chain() -> None:
    structure = report("published").to_dict()["structure"]
    assert structure["sequence"] == (
        "input -> layer0_mha -> layer0_mlp -> layer1_mha -> layer1_mlp -> output"
    )
    assert [(part["layer"], part["label"]) for part in structure["layers"]] == [
        ("mha", "partitioned"),
        ("mlp", "tensor_parallel"),
    ]


def test_the_note_tells_which_model_the_approximation_computes() -> None:
    notes = " ".join(report("published").notes)
    assert "`head_dim` (512) becomes 4 segments of 128" in notes


def test_a_note_counts_where_the_figures_behind_the_times_come_from() -> None:
    (note,) = [note for note in report("published").notes if note.startswith("Times")]
    gpu = report("published").cluster.gpu
    fields = {name for name, _ in gpu.figures + gpu.sources}
    for source in ("datasheet", "calibrated"):
        count = sum(gpu.source(field) == source for field in fields)
        assert f"{count} {source}" in note.split(";")[0]
    assert [f"`{name}`" in note for name in ("h100_sxm", "ib_ndr400", "nvlink4")] == [True] * 3
    assert not [note for note in report("published").notes if "Without constants" in note]


def test_a_note_names_hardware_that_has_no_constants() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("gpu h100_sxm", "gpu plain")
    text = text.replace("via nvlink4", "via cable")
    text += "gpu plain { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 500 TFLOP/s }\n"
    text += "link cable { bandwidth = datasheet(63 GB/s); latency = 5 us }\n"
    notes = helixc.compile_text(text, plan="megatron", cluster="one_domain").report.notes
    (behind, without) = [note for note in notes if "`cable`" in note]
    assert "`plain` assumed; `cable` 1 datasheet" in behind
    assert "`plain`, `cable`" in without


@pytest.mark.parametrize("plan", ["published", "two_level", "megatron", "megatron_sp"])
def test_all_gpus_together_never_do_less_than_the_model_asks_for(plan: str) -> None:
    tokens = 1024 * 10_000
    model = tokens * (4 * 8192 * 8192 + 2 * 8192 * 32_768 + 2 * 10_000 * 8192)
    assert report(plan).macs_per_gpu * 16 >= 2 * model


@pytest.mark.parametrize("plan", ["two_level", "megatron"])
def test_exact_plans_say_nothing_of_approximations(plan: str) -> None:
    assert not [note for note in report(plan).notes if "Approximation" in note]


@pytest.mark.parametrize(
    ("plan", "verdict"), [("published", "Approximation"), ("two_level", "Equal")]
)
def test_the_verdict_of_the_proof_stands_in_the_report(plan: str, verdict: str) -> None:
    compilation = helixc.compile(EXAMPLE, plan=plan)
    proof = verify(compilation.logical, compilation.stages[1:])
    proved = attrs.evolve(compilation.report, verification=proof.to_json())
    jsonschema.validate(proved.to_dict(), report_schema())
    section = report_markdown(proved).split("## Verification")[1].split("##")[0]
    assert f"**{verdict}.**" in section
    assert ("so rewritten" in section) == (plan == "published")
    assert "64 of 128" in section or plan != "published"


def test_a_difference_without_a_bound_stands_in_the_report() -> None:
    """Where a comparison may fall either way rounding explains everything: JSON has no such number."""
    program = """
model m { dim a = 8, b = 4
  input x: f32[a, b]
  y = gelu(sum(x, over b))
  output z = where(y > y, x, 1) }
gpu chip { memory = 1 GB; bandwidth = 1 TB/s; f32 = 1 TFLOP/s }
link wire { bandwidth = 1 GB/s; latency = 1 us }
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh t = 2; shard a over t }
"""
    compilation = helixc.compile_text(program)
    proof = verify(compilation.logical, compilation.stages[1:])
    proved = attrs.evolve(compilation.report, verification=proof.to_json())
    jsonschema.validate(proved.to_dict(), report_schema())
    written = report_markdown(proved)
    assert "| 0 | 0 | inf |" in written
    assert "what is judged is each step alone" in written
