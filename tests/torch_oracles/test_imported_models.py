"""Imported models against the classes of ``transformers``: small ones with random weights, in float64.

A model is saved as ``transformers`` saves it; from the two files alone, ``config.json`` and the checkpoint,
come the program and its weights.  Logits are compared for a prompt and for tokens that follow one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from helixc.compiler import compile_text
from helixc.importing.comparison import compare
from helixc.importing.importing import read_config
from helixc.importing.placing import place_weights, weight_array
from helixc.importing.safetensors import read_header
from helixc.importing.writing import write_model
from helixc.interp.logical import Turns, run_logical
from helixc.ir.ops import Op
from helixc.ir.plan import Place

SIZES = {
    "vocab_size": 50,
    "hidden_size": 32,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 100.0,
    "factor": 4.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 100.0,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
    "beta_fast": 4.0,
    "beta_slow": 0.5,
}
EXPERTS = {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 12}
LATENT = {
    **SIZES,
    "num_key_value_heads": 4,
    "q_lora_rank": 20,
    "kv_lora_rank": 12,
    "qk_nope_head_dim": 6,
    "qk_rope_head_dim": 4,
    "v_head_dim": 10,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 12,
    "first_k_dense_replace": 1,
    "n_group": 4,
    "topk_group": 2,
    "routed_scaling_factor": 1.5,
}
NEOX = {name: size for name, size in SIZES.items() if name != "num_key_value_heads"}
GPT2 = {"vocab_size": 50, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 64}
MODELS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "llama": ("llama", SIZES),
    "llama_alike_heads": ("llama", {**SIZES, "num_key_value_heads": 4, "head_dim": 6}),
    "llama_biased_tied": (
        "llama",
        {**SIZES, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True},
    ),
    "llama_3_1": ("llama", {**SIZES, "rope_parameters": LLAMA3}),
    "llama_linear": (
        "llama",
        {
            **SIZES,
            "rope_parameters": {"rope_type": "linear", "rope_theta": 100.0, "factor": 4.0},
            "hidden_act": "gelu",
        },
    ),
    "mistral": ("mistral", {**SIZES, "sliding_window": 4}),
    "mistral_whole": ("mistral", {**SIZES, "sliding_window": None}),
    "qwen2": ("qwen2", SIZES),
    "qwen2_windowed": (
        "qwen2",
        {**SIZES, "use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1},
    ),
    "qwen2_yarn": ("qwen2", {**SIZES, "rope_parameters": YARN}),
    "qwen3": ("qwen3", {**SIZES, "head_dim": 12, "attention_bias": True}),
    "qwen3_windowed": (
        "qwen3",
        {
            **SIZES,
            "head_dim": 12,
            "use_sliding_window": True,
            "sliding_window": 3,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
    ),
    "mixtral": (
        "mixtral",
        {**SIZES, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 4},
    ),
    "qwen2_moe": (
        "qwen2_moe",
        {**SIZES, **EXPERTS, "shared_expert_intermediate_size": 20, "norm_topk_prob": True},
    ),
    "qwen2_moe_mixed": (
        "qwen2_moe",
        {
            **SIZES,
            **EXPERTS,
            "num_hidden_layers": 6,
            "shared_expert_intermediate_size": 20,
            "decoder_sparse_step": 2,
            "qkv_bias": False,
        },
    ),
    "qwen3_moe": (
        "qwen3_moe",
        {**SIZES, **EXPERTS, "head_dim": 12, "mlp_only_layers": [0], "norm_topk_prob": True},
    ),
    "deepseek_v2": (
        "deepseek_v2",
        {**LATENT, "topk_method": "group_limited_greedy", "rope_parameters": YARN},
    ),
    "deepseek_v2_lite": (
        "deepseek_v2",
        {
            **LATENT,
            "q_lora_rank": None,
            "topk_method": "greedy",
            "attention_bias": True,
            "rope_parameters": {**YARN, "mscale": 0.707, "mscale_all_dim": 0.707},
        },
    ),
    "deepseek_v3": (
        "deepseek_v3",
        {**LATENT, "rope_parameters": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0}},
    ),
    "deepseek_v3_one_group": ("deepseek_v3", {**LATENT, "n_group": 1, "topk_group": 1}),
    "gpt2": ("gpt2", GPT2),
    "gpt2_wide": ("gpt2", {**GPT2, "n_inner": 40, "activation_function": "gelu"}),
    "gpt_neox": ("gpt_neox", {**NEOX, "hidden_size": 64}),
    "gpt_neox_in_turn": (
        "gpt_neox",
        {
            **NEOX,
            "use_parallel_residual": False,
            "attention_bias": False,
            "rope_parameters": {**YARN, "partial_rotary_factor": 0.5},
        },
    ),
}
PROMPT, STEPS, BATCH = 9, 3, 2


@pytest.fixture(autouse=True)
def _everything_in_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What models do in float32, angles and routing for example, they do in float64 here."""
    before = torch.get_default_dtype()
    monkeypatch.setattr(torch, "float32", torch.float64)
    monkeypatch.setattr(torch, "float", torch.float64)
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def drawn(kind: str, sizes: Mapping[str, Any]) -> Any:
    """A model of a class of ``transformers``, every weight of it random."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, **sizes)
    # The plain implementations, which take numbers of any width.
    plain = {"attn_implementation": "eager", "experts_implementation": "eager"}
    model = AutoModelForCausalLM.from_config(config, **plain).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * 0.3)
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.copy_(torch.randn_like(buffer) * 0.3)
    return model


# What a model keeps from step to step: by the place that declares it, and the turn.
Caches = dict[tuple[Place, Turns], np.ndarray]


class Saved:
    """A model as it lies in a folder, read by helixc and by nothing else."""

    def __init__(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder)
        self.reading = read_config((folder / "config.json").read_text(encoding="utf-8"))
        self.written = write_model(self.reading)
        self.header = read_header(folder / "model.safetensors")
        prefix = self.reading.family.prefix
        stored = load_file(folder / "model.safetensors")
        self._tensors = {name.removeprefix(prefix): array for name, array in stored.items()}

    def logits(self, phase: str, ids: np.ndarray, past: int, caches: Caches) -> np.ndarray:
        """Logits of the last of some tokens; ``caches`` are brought up to date."""
        program = compile_text(
            self.written.text,
            phase=phase,
            settings={"batch": len(ids), "seq": ids.shape[1], "past": past},
        ).logical
        places = place_weights(program, self.reading)

        def supply(op: Op, turns: Turns) -> np.ndarray:
            if op.kind == "input":
                return ids
            if op.kind == "state":
                sizes = [program.sizes[dim] for dim in op.type.dims]
                return longer(caches.get((op.home, turns)), sizes)
            return weight_array(program, op, places[op.result, turns], self._tensors.__getitem__)

        trace = run_logical(program, supply)
        for (name, turns), array in trace.values.items():
            if name in program.makers and program.makers[name].kind == "keep":
                caches[program.makers[name].home, turns] = array[0]
        return trace.latest[program.outputs[0].value][0]


def longer(cache: np.ndarray | None, sizes: list[int]) -> np.ndarray:
    """A cache with room for what comes; none yet is empty."""
    if cache is None:
        return np.zeros(sizes)
    room = [(0, size - held) for size, held in zip(sizes, cache.shape, strict=True)]
    return np.pad(cache, room)


@pytest.mark.parametrize("name", MODELS)
def test_a_checkpoint_is_just_what_the_model_needs(name: str, tmp_path: Path) -> None:
    model = drawn(*MODELS[name])
    saved = Saved(model, tmp_path)

    assert [d for d in compare(saved.reading, saved.header) if d.severity == "error"] == []
    assert saved.written.parameters == sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_logits_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    model = drawn(*MODELS[name])
    saved = Saved(model, tmp_path)
    ids = np.random.default_rng(0).integers(0, 50, (BATCH, PROMPT + STEPS))
    caches: Caches = {}

    steps = [
        ("prefill", 0, PROMPT),
        *(("decode", PROMPT + n, PROMPT + n + 1) for n in range(STEPS)),
    ]
    found = [saved.logits(phase, ids[:, at:end], at, caches) for phase, at, end in steps]

    with torch.no_grad():
        expected = model(torch.tensor(ids)).logits[:, PROMPT - 1 :].numpy()
    error = np.abs(np.stack(found, axis=1) - expected).max() / np.abs(expected).max()
    assert error < 1e-12
