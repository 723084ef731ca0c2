"""Imported models: their parameters are those that are published, and their text is the same every time.

The counts are those of ``transformers`` 5.24, of models made from the same configurations with weights that
take no room; those of Llama, GPT-2, Mixtral and DeepSeek-V3 are also what was published with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from helixc.importing.families import FAMILIES
from helixc.importing.importing import import_config, read_config
from helixc.text.format import format_text

CONFIGS = Path(__file__).parent / "configs"
PARAMETERS: Mapping[str, int] = {
    "deepseek_v2": 235_741_434_880,
    "deepseek_v2_lite": 15_706_484_224,
    "deepseek_v3": 671_026_404_352,
    "gpt2": 124_439_808,
    "gpt2_xl": 1_557_611_200,
    "gpt_neox_20b": 20_554_567_680,
    "llama_2_13b": 13_015_864_320,
    "llama_2_70b": 68_976_648_192,
    "llama_2_7b": 6_738_415_616,
    "llama_3_1_405b": 405_853_388_800,
    "llama_3_1_8b": 8_030_261_248,
    "llama_3_2_1b": 1_235_814_400,
    "llama_3_70b": 70_553_706_496,
    "llama_3_8b": 8_030_261_248,
    "mistral_7b_v0_1": 7_241_732_096,
    "mixtral_8x22b": 140_630_071_296,
    "mixtral_8x7b": 46_702_792_704,
    "pythia_70m": 70_426_624,
    "qwen1_5_moe_a2_7b": 14_315_784_192,
    "qwen2_5_0_5b": 494_032_768,
    "qwen2_5_7b": 7_615_616_512,
    "qwen3_0_6b": 596_049_920,
    "qwen3_30b_a3b": 30_532_122_624,
    "qwen3_32b": 32_762_123_264,
}


def text_of(name: str) -> str:
    return (CONFIGS / f"{name}.json").read_text(encoding="utf-8")


def test_every_configuration_has_its_count_and_every_family_a_configuration() -> None:
    assert sorted(path.stem for path in CONFIGS.glob("*.json")) == sorted(PARAMETERS)
    kinds = {json.loads(text_of(name))["model_type"] for name in PARAMETERS}
    assert kinds == set(FAMILIES)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_those_that_are_published(name: str) -> None:
    assert import_config(text_of(name)).parameters == PARAMETERS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_same_file_gives_the_same_bytes_whatever_the_order_of_its_fields(name: str) -> None:
    text = text_of(name)
    turned = json.dumps(dict(reversed(json.loads(text).items())))
    assert import_config(text).text == import_config(text).text
    first, second = import_config(text).text, import_config(turned).text
    assert sorted(first.splitlines()) == sorted(second.splitlines())


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_text_is_in_the_style_of_the_language(name: str) -> None:
    text = import_config(text_of(name)).text
    assert format_text(text, "model.hx") == text


def test_today_s_spellings_say_the_same_as_older_ones() -> None:
    old = json.loads(text_of("llama_3_1_8b"))
    new = dict(old)
    new["rope_parameters"] = {**new.pop("rope_scaling"), "rope_theta": new.pop("rope_theta")}
    new["dtype"] = new.pop("torch_dtype")
    first, second = read_config(json.dumps(old)), read_config(json.dumps(new))
    assert first.values == second.values


def test_defaults_that_were_taken_are_told() -> None:
    reading = read_config(text_of("llama_2_7b"))
    assert "`rope_theta` is not given: taken as 10000" in reading.assumed
    assert any("hidden_size / num_attention_heads = 128" in told for told in reading.assumed)
    assert read_config(text_of("qwen3_32b")).assumed == ()


def test_what_is_left_aside_is_told() -> None:
    told = " ".join(read_config(text_of("deepseek_v3")).aside)
    assert "num_nextn_predict_layers" in told
    assert "quantization_config" in told


def test_the_text_part_of_a_model_of_several_kinds_of_input_is_imported() -> None:
    inner = json.loads(text_of("llama_3_8b"))
    dtype = inner.pop("torch_dtype")
    outer = {"model_type": "llava", "text_config": inner, "vision_config": {}, "torch_dtype": dtype}
    reading = read_config(json.dumps(outer))
    assert reading.values == read_config(text_of("llama_3_8b")).values
    assert any("text_config" in told for told in reading.aside)


def test_a_file_can_be_read_as_another_family() -> None:
    config = {**json.loads(text_of("llama_3_8b")), "model_type": "my_llama"}
    reading = read_config(json.dumps(config), family="llama")
    assert reading.family.name == "llama"
    assert any("my_llama" in told for told in reading.aside)


@pytest.mark.parametrize(
    ("name", "changes", "repeats"),
    [
        ("qwen3_30b_a3b", {"decoder_sparse_step": 2}, ["repeat 24 {"]),
        (
            "qwen3_30b_a3b",
            {"mlp_only_layers": [0, 1, 47]},
            ["repeat 2 {", "repeat 45 {", "repeat 1 {"],
        ),
        ("deepseek_v3", {}, ["repeat 3 {", "repeat 58 {"]),
        (
            "qwen2_5_7b",
            {"use_sliding_window": True, "max_window_layers": 20},
            ["repeat 20 {", "repeat 8 {"],
        ),
        (
            "qwen1_5_moe_a2_7b",
            {"use_sliding_window": True},
            ["repeat 11 {", "repeat 2 {"],
        ),
    ],
)
def test_layers_that_differ_are_written_as_few_repeats(
    name: str, changes: Mapping[str, object], repeats: list[str]
) -> None:
    text = import_config(json.dumps({**json.loads(text_of(name)), **changes})).text
    found = [line.split("  #")[0].strip() for line in text.splitlines() if "repeat" in line]
    assert found == repeats
