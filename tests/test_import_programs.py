"""Imported models as programs: they compile without a doubt, are proved, and every weight has its tensor."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest
from test_import import PARAMETERS, text_of

from helixc.analysis.parameters import count_parameters
from helixc.compiler import compile_text
from helixc.importing.checkpoint import stored_tensors
from helixc.importing.families import FAMILIES
from helixc.importing.importing import import_config, read_config
from helixc.importing.placing import place_weights, weight_array
from helixc.interp.verify import verify

# One of each family; of deepseek_v2 one without and with groups of experts.
MODELS = (
    "llama_3_1_8b",
    "llama_3_8b",
    "mistral_7b_v0_1",
    "qwen2_5_7b",
    "qwen3_0_6b",
    "mixtral_8x7b",
    "qwen1_5_moe_a2_7b",
    "qwen3_30b_a3b",
    "deepseek_v2_lite",
    "deepseek_v2",
    "deepseek_v3",
    "gpt2",
    "pythia_70m",
)
# Numbers that are kept and not trained: a correction for each expert of each layer.
FROZEN: Mapping[str, int] = {"deepseek_v3": 58 * 256}
# Sizes at which every number of every weight can be looked at.
SMALL: Mapping[str, int] = {
    "hidden_size": 32,
    "vocab_size": 10,
    "intermediate_size": 6,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 16,
    "moe_intermediate_size": 3,
    "shared_expert_intermediate_size": 4,
    "num_experts": 8,
    "num_local_experts": 8,
    "n_routed_experts": 16,
    "q_lora_rank": 5,
    "kv_lora_rank": 3,
    "qk_nope_head_dim": 2,
    "qk_rope_head_dim": 4,
    "v_head_dim": 3,
    "n_embd": 32,
    "n_layer": 6,
    "n_head": 4,
    "n_positions": 16,
}


def test_one_model_of_each_family_is_looked_at() -> None:
    kinds = {json.loads(text_of(name))["model_type"] for name in MODELS}
    assert kinds == set(FAMILIES)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
@pytest.mark.parametrize("name", MODELS)
def test_an_imported_model_compiles_without_a_doubt_and_is_proved(name: str, phase: str) -> None:
    compiled = compile_text(import_config(text_of(name)).text, plan="tensor", phase=phase)

    assert count_parameters(compiled.logical) == PARAMETERS[name] + FROZEN.get(name, 0)
    assert [d for d in compiled.diagnostics if d.severity != "note"] == []
    report = verify(compiled.logical, compiled.stages[1:])
    assert report.verdict == "equal"


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_weight_has_its_tensor_and_every_tensor_its_weight(name: str) -> None:
    reading = read_config(text_of(name))
    text = import_config(text_of(name)).text
    compiled = compile_text(text, plan="tensor", phase="decode")
    places = place_weights(compiled.logical, reading)

    placed = [(s.name, place.part) for place in places.values() for s in place.stored]
    wanted = [
        (stored.name, part)
        for stored in stored_tensors(reading)
        for part in range(len(stored.row.weights))
    ]
    assert sorted(placed) == sorted(wanted)


@pytest.mark.parametrize("name", MODELS)
def test_every_number_of_a_checkpoint_is_in_one_place_of_the_model(name: str) -> None:
    config = json.loads(text_of(name))
    config |= {field: size for field, size in SMALL.items() if config.get(field) is not None}
    reading = read_config(json.dumps(config))
    text = import_config(json.dumps(config)).text
    compiled = compile_text(text, plan="tensor", phase="decode")
    program = compiled.logical
    count, tensors = 0, dict[str, np.ndarray]()
    for stored in stored_tensors(reading):
        size = int(np.prod(stored.shape, dtype=int))
        tensors[stored.name] = np.arange(count, count + size).reshape(stored.shape)
        count += size

    arrays = [
        weight_array(program, program.makers[value], place, tensors.__getitem__)
        for (value, _), place in place_weights(program, reading).items()
    ]
    for (value, _), array in zip(place_weights(program, reading), arrays, strict=True):
        assert array.shape == tuple(program.sizes[d] for d in program.types[value].dims)
    found = np.concatenate([array.ravel() for array in arrays])
    assert np.array_equal(np.sort(found), np.arange(count))
