"""Bad configurations: every mistake is found, with its code and on its line, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_import import PARAMETERS, text_of

from helixc.codes import CODES
from helixc.diagnostics import HelixError
from helixc.importing.families import FAMILIES
from helixc.importing.importing import import_config, read_config
from helixc.importing.writing import Imported
from helixc.render import render_text

GONE = object()
# A configuration, what is changed in it, and the codes and fields that are expected.
BAD: tuple[tuple[str, Mapping[str, object], set[tuple[str, str]]], ...] = (
    ("llama_3_8b", {"model_type": "mamba"}, {("HX1003", "model_type")}),
    ("llama_3_8b", {"model_type": GONE}, {("HX1003", "")}),
    ("llama_3_8b", {"model_type": 5}, {("HX1003", "model_type")}),
    ("llama_3_8b", {"hidden_size": GONE, "vocab_size": GONE}, {("HX1004", "")}),
    ("llama_3_8b", {"hidden_size": None}, {("HX1004", "")}),
    ("mistral_7b_v0_1", {"num_key_value_heads": GONE}, {("HX1004", "")}),
    ("llama_3_8b", {"hidden_size": "4096"}, {("HX1005", "hidden_size")}),
    ("llama_3_8b", {"hidden_size": True}, {("HX1005", "hidden_size")}),
    ("llama_3_8b", {"hidden_size": 4096.5}, {("HX1005", "hidden_size")}),
    ("llama_3_8b", {"hidden_size": [4096]}, {("HX1005", "hidden_size")}),
    (
        "llama_3_8b",
        {"hidden_act": 1, "mlp_bias": 0},
        {("HX1005", "hidden_act"), ("HX1005", "mlp_bias")},
    ),
    ("llama_3_8b", {"rope_scaling": "yarn"}, {("HX1005", "rope_scaling")}),
    ("qwen3_30b_a3b", {"mlp_only_layers": [1, "x"]}, {("HX1005", "mlp_only_layers")}),
    ("qwen3_30b_a3b", {"mlp_only_layers": 3}, {("HX1005", "mlp_only_layers")}),
    (
        "llama_3_8b",
        {"hidden_size": 0, "vocab_size": -1},
        {("HX1006", "hidden_size"), ("HX1006", "vocab_size")},
    ),
    ("llama_3_8b", {"hidden_size": 2**60}, {("HX1006", "hidden_size")}),
    ("llama_3_8b", {"rms_norm_eps": float("nan")}, {("HX1006", "rms_norm_eps")}),
    ("llama_3_8b", {"rope_theta": float("inf")}, {("HX1006", "rope_theta")}),
    (
        "llama_3_8b",
        {"clip_qkv": 8, "logit_scale": 2},
        {("HX1007", "clip_qkv"), ("HX1007", "logit_scale")},
    ),
    (
        "llama_3_8b",
        {"rope_scaling": {"type": "default", "mrope_section": []}},
        {("HX1007", "rope_scaling")},
    ),
    ("llama_3_8b", {"hidden_act": "quick_gelu"}, {("HX1008", "hidden_act")}),
    ("llama_3_8b", {"rope_scaling": {"type": "longrope"}}, {("HX1008", "rope_scaling")}),
    (
        "gpt2",
        {"scale_attn_by_inverse_layer_idx": True},
        {("HX1008", "scale_attn_by_inverse_layer_idx")},
    ),
    ("deepseek_v3", {"scoring_func": "softmax"}, {("HX1008", "scoring_func")}),
    ("qwen2_5_7b", {"layer_types": ["linear_attention"]}, {("HX1008", "layer_types")}),
    ("llama_3_8b", {"num_key_value_heads": 7}, {("HX1009", "num_attention_heads")}),
    (
        "llama_3_8b",
        {"num_attention_heads": 24, "num_key_value_heads": 24},
        {("HX1009", "hidden_size")},
    ),
    ("llama_3_8b", {"num_hidden_layers": 2**40}, {("HX1009", "num_hidden_layers")}),
    ("llama_3_8b", {"rope_parameters": {"rope_theta": 5}}, {("HX1009", "rope_theta")}),
    ("llama_3_8b", {"rope_theta": 1}, {("HX1009", "rope_theta")}),
    ("mixtral_8x7b", {"num_experts_per_tok": 9}, {("HX1009", "num_experts_per_tok")}),
    ("deepseek_v3", {"n_group": 7}, {("HX1009", "n_routed_experts")}),
    ("qwen2_5_7b", {"layer_types": ["full_attention"]}, {("HX1009", "layer_types")}),
    ("qwen3_30b_a3b", {"mlp_only_layers": [48]}, {("HX1009", "mlp_only_layers")}),
)


def changed(name: str, changes: Mapping[str, object]) -> str:
    config = {**json.loads(text_of(name)), **changes}
    kept = {field: value for field, value in config.items() if value is not GONE}
    # One member to a line, so that a line tells the field.
    lines = ",\n".join(f"{json.dumps(n)}: {json.dumps(v)}" for n, v in kept.items())
    return f"{{\n{lines}\n}}"


def refused(text: str, **how: Any) -> Iterator[tuple[str, str]]:
    """The codes of what is found, with the fields on whose lines they stand."""
    with pytest.raises(HelixError) as error:
        import_config(text, **how)
    for found in error.value.diagnostics:
        assert found.code in CODES
        assert found.span.line > 0
        line = text.split("\n")[found.span.line - 1]
        yield found.code, line.partition(":")[0].strip('"{}')
    assert render_text(error.value.diagnostics, error.value.sources)


@pytest.mark.parametrize(("name", "changes", "expected"), BAD)
def test_a_bad_configuration_is_refused_on_the_guilty_line(
    name: str, changes: Mapping[str, object], expected: set[tuple[str, str]]
) -> None:
    assert set(refused(changed(name, changes))) == expected


def test_every_mistake_of_a_file_is_found_at_once() -> None:
    changes = {"hidden_size": GONE, "vocab_size": 0, "num_hidden_layers": "x", "new_field": 1}
    found = list(refused(changed("llama_3_8b", changes)))
    assert sorted(code for code, _ in found) == ["HX1004", "HX1005", "HX1006", "HX1007"]


def test_a_field_that_is_known_not_to_matter_can_be_ignored() -> None:
    text = changed("llama_3_8b", {"new_field": 1})
    assert read_config(text, ignored=["new_field"]).values["embed"] == 4096


def test_an_unknown_kind_of_model_lists_those_that_are_known() -> None:
    with pytest.raises(HelixError) as error:
        import_config('{"model_type": "mamba"}')
    assert set(error.value.diagnostics[0].legal) == set(FAMILIES)


@pytest.mark.parametrize(
    "text", ["", "[]", "3", '"llama"', "null", "{}", '{"text_config": {}}', "{" * 200]
)
def test_what_is_no_configuration_is_refused(text: str) -> None:
    assert list(refused(text))


@pytest.mark.parametrize("family", FAMILIES)
def test_an_empty_file_misses_what_a_family_needs(family: str) -> None:
    assert {code for code, _ in refused("{}", family=family)} == {"HX1004"}


@given(st.text(alphabet="$ab#: \n\r\x1b\u2028`}", max_size=60))
def test_no_text_of_a_file_becomes_more_than_a_comment(kind: str) -> None:
    config = {**json.loads(text_of("llama_3_8b")), "model_type": kind}
    plain = import_config(text_of("llama_3_8b")).text.splitlines()
    lines = import_config(json.dumps(config), family="llama").text.splitlines()
    (added,) = [line for line in lines if line not in plain]
    assert added.startswith("# read as llama")
    assert len(lines) == len(plain) + 1


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["silu\n}\nmodel x {", "\x1b[31m", "# comment", "\u2028", "\U0001d54f"]),
    st.lists(st.integers(-1, 5), max_size=3),
    st.dictionaries(st.sampled_from(["type", "factor", "rope_type"]), st.none(), max_size=2),
)


@given(st.sampled_from(sorted(PARAMETERS)), st.data())
def test_whatever_stands_in_a_file_is_imported_or_refused_with_a_code(name: str, data: Any) -> None:
    config = json.loads(text_of(name))
    for field in data.draw(st.lists(st.sampled_from(sorted(config)), min_size=1, max_size=3)):
        config[field] = data.draw(ODD)
    imported, findings = outcome(json.dumps(config))
    assert (imported is None) == bool(findings)
    assert set(findings) <= set(CODES)
    if imported is not None:
        assert imported.text.isascii()
        assert "\x1b" not in imported.text


def outcome(text: str) -> tuple[Imported | None, list[str]]:
    """What is imported, or the codes of what is found."""
    try:
        return import_config(text), []
    except HelixError as error:
        render_text(error.diagnostics, error.sources)
        return None, [d.code for d in error.diagnostics]
