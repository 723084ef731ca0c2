"""Checkpoints of others: from `config.json` and `model.safetensors` to the logits of processes of one's own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from helixc.cli.main import run

transformers = pytest.importorskip("transformers")

BATCH, LENGTH = 2, 7
# Implementations that take numbers of any width.
PLAIN = {"attn_implementation": "eager", "experts_implementation": "eager"}
SIZES: Mapping[str, Any] = {
    "vocab_size": 48,
    "hidden_size": 32,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": None}
GPT2: Mapping[str, Any] = {
    "vocab_size": 48,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 64,
}
# Rotary pairs in halves, a tensor per expert, and one tensor for queries, keys and values.
MODELS: Mapping[str, Mapping[str, Any]] = {
    "llama": SIZES,
    "mixtral": {**SIZES, **EXPERTS},
    "gpt2": GPT2,
}


@pytest.mark.parametrize("kind", MODELS)
def test_processes_give_the_logits_of_transformers(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **MODELS[kind])
    model = transformers.AutoModelForCausalLM.from_config(config, **PLAIN).eval().double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight) * 0.3)
    model.save_pretrained(tmp_path)
    ids = torch.randint(0, 48, (BATCH, LENGTH))
    torch.save({"tokens": ids}, tmp_path / "inputs.pt")

    made = logits(tmp_path)
    with torch.no_grad():
        wanted = model(ids).logits[:, -1].numpy()
    # Some of what they do, angles and norms, they do in single precision whatever the model is in.
    assert np.abs(made - wanted).max() < 1e-5 * np.abs(wanted).max()


def logits(folder: Path) -> np.ndarray:
    """What two processes make of a saved model, read by the commands alone."""
    file, config = str(folder / "model.hx"), str(folder / "config.json")
    assert run(["import", config, "-o", file]) == 0
    text = (folder / "model.hx").read_text(encoding="utf-8")
    # Its own plan, on two GPUs.
    (folder / "model.hx").write_text(
        re.sub(r"gpu = \d+ via", "gpu = 2 via", text), encoding="utf-8"
    )
    sizes = ("--set", f"batch={BATCH}", "--set", f"seq={LENGTH}")
    command = ["emit", "torch", file, "--phase", "prefill", *sizes, "--config", config]
    assert run([*command, "-o", str(folder / "out")]) == 0
    (module,) = (folder / "out").iterdir()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    options = ["--weights", str(folder / "model.safetensors"), "--dtype", "f64"]
    options += ["--inputs", str(folder / "inputs.pt"), "--save", str(folder / "made")]
    subprocess.run([*torchrun, "2", str(module), *options], check=True, timeout=120)
    blocks = [torch.load(folder / "made" / f"rank{rank}.pt")["steps"][0][0] for rank in range(2)]
    return np.concatenate([block["logits"].numpy() for block in blocks], -1)
