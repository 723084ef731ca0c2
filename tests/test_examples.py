"""The examples compile, open by saying what to look at, and communicate as their headers promise."""

from __future__ import annotations

from pathlib import Path

import pytest

import helixc
from helixc.analysis.critical_path import CriticalPath, find_critical_path
from helixc.compiler import Compilation
from helixc.ir.layout import AllGather, AllReduce, ReduceScatter
from helixc.ir.spmd import Move, walk

FOLDER = Path(__file__).parent.parent / "examples"
FILES = sorted(FOLDER.glob("*.hx"))


def steps(compilation: Compilation) -> list[str]:
    """The kinds of the steps of a program, in order."""
    moves = [s for s in walk(compilation.spmd.body) if isinstance(s, Move)]
    return [type(move.step).__name__ for move in moves]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_compiles_with_every_plan_and_no_doubt(path: Path) -> None:
    found = helixc.check(path)
    assert found.ok, found.diagnostics
    assert len(found.plans) > 1
    assert {d.code for d in found.diagnostics} <= {"HX0527", "HX0537", "HX0605"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_opens_with_three_lines_that_say_what_to_look_at(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("# ") and line.endswith(".") for line in lines[:3])
    assert not lines[3]
    assert "look at" in " ".join(lines[:3]).lower()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_line_of_an_example_is_too_wide_to_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert max(len(line) for line in lines) <= 120
    assert all(line == line.rstrip() for line in lines)


def long_context(plan: str) -> tuple[list[str], CriticalPath]:
    compiled = helixc.compile(FOLDER / "long_context.hx", plan=plan)
    return steps(compiled), find_critical_path(compiled.spmd)


def test_a_long_context_is_gathered_passed_round_or_exchanged_for_heads() -> None:
    gathered, passed = long_context("gathered"), long_context("passed")
    ulysses, both = long_context("ulysses"), long_context("both")

    assert gathered[0] == ["AllGather"] * 2
    assert passed[0] == ["Permute"] * 2
    assert ulysses[0] == ["AllToAll"] * 4
    assert both[0].count("Permute") == 2
    assert set(both[0]) == {"Permute", "AllToAll"}
    assert passed[1].exposed_picoseconds == 0 < gathered[1].exposed_picoseconds
    assert ulysses[1].picoseconds < min(p.picoseconds for _, p in (gathered, passed, both))


def test_gpt3_reduces_once_after_attention_and_once_after_the_mlp() -> None:
    assert steps(helixc.compile(FOLDER / "gpt3_175b.hx", plan="tp8")) == ["AllReduce", "AllReduce"]


def test_gpt3_with_its_sequence_split_gathers_and_scatters_instead() -> None:
    block = ["AllGather", "ReduceScatter"]
    assert steps(helixc.compile(FOLDER / "gpt3_175b.hx", plan="tp8_sp")) == block * 2


def test_gpt3_has_175_billion_parameters() -> None:
    logical = helixc.compile(FOLDER / "gpt3_175b.hx", plan="tp8").logical
    sizes = logical.sizes
    embed, hidden = sizes["embed"], sizes["hidden"]
    assert sizes["head"] * sizes["head_dim"] == embed == 12_288
    assert hidden == 49_152
    per_block = 4 * embed * embed + 2 * embed * hidden
    assert 170e9 < 96 * per_block < 176e9


def test_the_published_plan_joins_segments_first_then_head_groups() -> None:
    compilation = helixc.compile(FOLDER / "helix_16.hx", plan="published")
    moves = [s.step for s in walk(compilation.spmd.body) if isinstance(s, Move)]
    assert [type(move) for move in moves] == [AllGather, AllGather, AllGather, AllReduce]
    gathered = [move.atoms for move in moves if isinstance(move, AllGather)]
    assert gathered == [("m",), ("n",), ("n", "m")]


def test_megatron_with_its_sequence_split_has_no_all_reduce() -> None:
    kinds = steps(helixc.compile(FOLDER / "helix_16.hx", plan="megatron_sp"))
    assert kinds == [AllGather.__name__, ReduceScatter.__name__] * 2
    assert set(steps(helixc.compile(FOLDER / "helix_16.hx", plan="megatron"))) == {
        AllReduce.__name__
    }


def test_a_norm_over_a_split_dimension_sums_its_mean_and_its_variance() -> None:
    compilation = helixc.compile(FOLDER / "custom_layer.hx", plan="tensor")
    moves = [s for s in walk(compilation.spmd.body) if isinstance(s, Move)]
    small = [m for m in moves if compilation.spmd.types[m.source].dims == ("batch", "embed")]
    assert [type(move.step) for move in small] == [AllReduce, AllReduce]
    assert len(moves) == 4


# Llama 2 model cards, and Table 3 of "The Llama 3 Herd of Models" (arXiv:2407.21783): depth, embed, hidden,
# KV heads, query heads, vocabulary; parameters as published, bytes of K and V per token at 2 bytes each.
LLAMAS = {
    "2-7B": ((32, 4096, 11_008, 32, 32, 32_000), 6_738_415_616, 524_288),
    "2-13B": ((40, 5120, 13_824, 40, 40, 32_000), 13_015_864_320, 819_200),
    "2-70B": ((80, 8192, 28_672, 8, 64, 32_000), 68_976_648_192, 327_680),
    "3-8B": ((32, 4096, 14_336, 8, 32, 128_256), 8_030_261_248, 131_072),
    "3-70B": ((80, 8192, 28_672, 8, 64, 128_256), 70_553_706_496, 327_680),
    "3.1-405B": ((126, 16_384, 53_248, 8, 128, 128_256), 405_853_388_800, 516_096),
}


@pytest.mark.parametrize("name", LLAMAS)
def test_a_llama_has_exactly_the_published_parameters_and_cache(name: str) -> None:
    (depth, embed, hidden, kv_head, heads, vocab), parameters, cache = LLAMAS[name]
    settings = {"depth": depth, "embed": embed, "hidden": hidden, "vocab": vocab}
    settings |= {"kv_head": kv_head, "group": heads // kv_head, "seq": 64}
    compilation = helixc.compile(FOLDER / "llama_blocks.hx", plan="tp8", settings=settings)
    logical = compilation.logical
    tokens = logical.sizes["batch"] * logical.sizes["seq"]
    kept = sum(logical.types[one].bytes(logical.sizes) for one in "kv")
    assert compilation.report.parameters == parameters
    assert depth * kept == cache * tokens


WHOLE = {
    "deepseek_v3": ("wide_ep", 671_026_404_352),
    "gpt2": ("tensor", 124_439_808),
    "llama3_70b": ("serve", 70_553_706_496),
    "mixtral_8x7b": ("experts", 46_702_792_704),
    "nvidia_helix_decode": ("helix", 405_853_388_800),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_complete_model_has_exactly_the_published_parameters(name: str) -> None:
    plan, parameters = WHOLE[name]

    assert helixc.compile(FOLDER / f"{name}.hx", plan=plan).report.parameters == parameters


def test_more_gpus_than_heads_move_nothing_but_results() -> None:
    compiled = helixc.compile(FOLDER / "llama3_70b.hx", plan="more_gpus_than_heads")

    assert steps(compiled) == ["AllReduce"] * 2


FEW_HEADS = {
    "shared": [],
    "two_level": ["AllGather", "AllGather"],
    "padded": [],
    "context": ["AllGather", "AllGather"],
    "copied": [],
    "keys": ["AllGather", "AllReduce", "AllReduce", "ReduceScatter"],
}


@pytest.mark.parametrize("plan", FEW_HEADS)
def test_few_heads_on_many_gpus_move_what_their_plan_says_beside_the_results(plan: str) -> None:
    compiled = helixc.compile(FOLDER / "more_gpus_than_heads.hx", plan=plan)

    assert steps(compiled) == [*FEW_HEADS[plan], "AllReduce", "AllReduce"]
    padded = [d for d in compiled.report.diagnostics if d.code == "HX0537"]
    assert len(padded) == (plan == "padded")


def test_keys_split_over_the_gpus_of_a_head_are_read_once() -> None:
    copied, keys = (
        helixc.compile(FOLDER / "more_gpus_than_heads.hx", plan=plan).report
        for plan in ("copied", "keys")
    )

    assert 6 < copied.memory.needed_bytes / keys.memory.needed_bytes < 8
    assert keys.critical_path.picoseconds < copied.critical_path.picoseconds


def test_keys_split_at_decode_leave_each_gpu_half_of_the_cache() -> None:
    helix = helixc.compile(FOLDER / "nvidia_helix_decode.hx", plan="helix")
    tensor = helixc.compile(FOLDER / "nvidia_helix_decode.hx", plan="tensor")

    moved = ["AllGather", "AllReduce", "AllReduce", "ReduceScatter", "AllReduce", "AllReduce"]
    assert steps(helix) == ["AllReduce", *moved]
    assert steps(tensor) == ["AllReduce"] * 3
    spared = tensor.report.memory.needed_bytes - helix.report.memory.needed_bytes
    cache = 126 * 2 * 2**20 * 128 * 2
    assert spared > 0.9 * cache / 2
    assert helix.report.critical_path.picoseconds < tensor.report.critical_path.picoseconds


@pytest.mark.parametrize(
    ("name", "plan", "moved"),
    [
        ("mixtral_8x7b", "experts", ["AllToAll", "AllToAll"]),
        ("mixtral_8x7b", "tensor", ["AllReduce", "AllReduce", "AllReduce"]),
        ("deepseek_v3", "wide_ep", ["AllToAll", "AllToAll"]),
    ],
)
def test_experts_take_two_all_to_alls_a_layer_or_an_all_reduce(
    name: str, plan: str, moved: list[str]
) -> None:
    assert steps(helixc.compile(FOLDER / f"{name}.hx", plan=plan)) == moved


def test_experts_split_along_hidden_gather_inside_a_node_what_came_from_the_other() -> None:
    compiled = helixc.compile(FOLDER / "deepseek_v3.hx", plan="expert_tensor")

    found = [c for c in compiled.report.collectives if c.value in ("sent", "back")]
    assert [c.kind for c in found] == ["all_to_all", "all_gather", "reduce_scatter", "all_to_all"]
