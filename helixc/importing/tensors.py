"""Tensors of published checkpoints, and the weights of imported models that they hold.

Names are those of the files that are published, which ``transformers`` writes and reads.  A loader reshapes
a tensor to the dimensions that ``axes`` names and gives each weight its own.
"""

from __future__ import annotations

from helixc.importing.fields import Tensor


def _tensor(name: str, weights: str, axes: str, when: str = "") -> Tensor:
    return Tensor(name=name, weights=tuple(weights.split()), axes=axes, when=when)


def _besides(name: str, when: str = "") -> Tensor:
    """What a file may hold besides the parameters."""
    return _tensor(name, "", "", when)


_LAYER = "model.layers.{layer}"
_ENDS = (
    _tensor("model.embed_tokens.weight", "table", "vocab, embed"),
    _tensor("model.norm.weight", "rms.gain", "embed"),
    _tensor("lm_head.weight", "lm_head", "vocab, embed", "not tied"),
    _besides("lm_head.weight", "tied"),
    _besides(f"{_LAYER}.self_attn.rotary_emb.inv_freq"),
)
_NORMS = (
    _tensor(f"{_LAYER}.input_layernorm.weight", "rms[0].gain", "embed"),
    _tensor(f"{_LAYER}.post_attention_layernorm.weight", "rms[1].gain", "embed"),
)


def _gated(name: str, layer: str, width: str, when: str) -> tuple[Tensor, ...]:
    """A gated multi-layer perceptron, its biases included."""
    where = f"{_LAYER}.{name}"
    biased = f"({when}) and mlp_bias"
    return (
        _tensor(f"{where}.gate_proj.weight", f"{layer}.gate", f"{width}, embed", when),
        _tensor(f"{where}.up_proj.weight", f"{layer}.up", f"{width}, embed", when),
        _tensor(f"{where}.down_proj.weight", f"{layer}.down", f"embed, {width}", when),
        _tensor(f"{where}.gate_proj.bias", f"{layer}.gate_bias", width, biased),
        _tensor(f"{where}.up_proj.bias", f"{layer}.up_bias", width, biased),
        _tensor(f"{where}.down_proj.bias", f"{layer}.down_bias", "embed", biased),
    )


def _experts(where: str, gate: str, up: str, down: str) -> tuple[Tensor, ...]:
    """Experts of a layer, each in three tensors of its own."""
    one = f"{_LAYER}.{where}.experts.{{expert}}"
    return (
        _tensor(f"{one}.{gate}.weight", "moe.gate", "expert_hidden, embed", "sparse"),
        _tensor(f"{one}.{up}.weight", "moe.up", "expert_hidden, embed", "sparse"),
        _tensor(f"{one}.{down}.weight", "moe.down", "embed, expert_hidden", "sparse"),
    )


_QUERY = "kv_head*group*head_dim"
_KEY = "kv_head*head_dim"
_GROUPED = (
    _tensor(f"{_LAYER}.self_attn.q_proj.weight", "gqa.wq", f"{_QUERY}, embed"),
    _tensor(f"{_LAYER}.self_attn.k_proj.weight", "gqa.wk", f"{_KEY}, embed"),
    _tensor(f"{_LAYER}.self_attn.v_proj.weight", "gqa.wv", f"{_KEY}, embed"),
    _tensor(f"{_LAYER}.self_attn.o_proj.weight", "gqa.wo", f"embed, {_QUERY}"),
    _tensor(f"{_LAYER}.self_attn.q_proj.bias", "gqa.bq", _QUERY, "qkv_bias"),
    _tensor(f"{_LAYER}.self_attn.k_proj.bias", "gqa.bk", _KEY, "qkv_bias"),
    _tensor(f"{_LAYER}.self_attn.v_proj.bias", "gqa.bv", _KEY, "qkv_bias"),
    _tensor(f"{_LAYER}.self_attn.o_proj.bias", "gqa.bo", "embed", "out_bias"),
    _tensor(f"{_LAYER}.self_attn.q_norm.weight", "gqa.rms[0].gain", "head_dim", "qk_norm"),
    _tensor(f"{_LAYER}.self_attn.k_norm.weight", "gqa.rms[1].gain", "head_dim", "qk_norm"),
)
_DENSE = _gated("mlp", "swiglu", "hidden", "not sparse")

LLAMA = (*_ENDS, *_NORMS, *_GROUPED, *_DENSE)

MIXTRAL = (
    *_ENDS,
    *_NORMS,
    *_GROUPED,
    _tensor(f"{_LAYER}.block_sparse_moe.gate.weight", "moe.router.choose", "expert, embed"),
    *_experts("block_sparse_moe", "w1", "w3", "w2"),
)

QWEN_MOE = (
    *_ENDS,
    *_NORMS,
    *_GROUPED,
    *_DENSE,
    _tensor(f"{_LAYER}.mlp.gate.weight", "moe.router.choose", "expert, embed", "sparse"),
    *_experts("mlp", "gate_proj", "up_proj", "down_proj"),
    *_gated("mlp.shared_expert", "shared.swiglu", "shared_hidden", "sparse and shared_gate"),
    _tensor(
        f"{_LAYER}.mlp.shared_expert_gate.weight",
        "shared.share",
        "1, embed",
        "sparse and shared_gate",
    ),
)

_WHOLE = "not q_rank"
_LATENT = (
    _tensor(
        f"{_LAYER}.self_attn.q_proj.weight", "mla.wq mla.wq_rope", "head*(nope|rot), embed", _WHOLE
    ),
    _tensor(f"{_LAYER}.self_attn.q_a_proj.weight", "mla.q_down", "q_rank, embed", "q_rank"),
    _tensor(
        f"{_LAYER}.self_attn.q_a_proj.bias", "mla.q_down_bias", "q_rank", "q_rank and qkv_bias"
    ),
    _tensor(f"{_LAYER}.self_attn.q_a_layernorm.weight", "mla.rms[0].gain", "q_rank", "q_rank"),
    _tensor(
        f"{_LAYER}.self_attn.q_b_proj.weight",
        "mla.q_up mla.q_up_rope",
        "head*(nope|rot), q_rank",
        "q_rank",
    ),
    _tensor(
        f"{_LAYER}.self_attn.kv_a_proj_with_mqa.weight",
        "mla.kv_down mla.k_rope",
        "(kv_rank|rot), embed",
    ),
    _tensor(
        f"{_LAYER}.self_attn.kv_a_proj_with_mqa.bias",
        "mla.kv_down_bias mla.k_rope_bias",
        "(kv_rank|rot)",
        "qkv_bias",
    ),
    _tensor(f"{_LAYER}.self_attn.kv_a_layernorm.weight", "mla.rms[0].gain", "kv_rank", _WHOLE),
    _tensor(f"{_LAYER}.self_attn.kv_a_layernorm.weight", "mla.rms[1].gain", "kv_rank", "q_rank"),
    _tensor(
        f"{_LAYER}.self_attn.kv_b_proj.weight", "mla.k_up mla.v_up", "head*(nope|value), kv_rank"
    ),
    _tensor(f"{_LAYER}.self_attn.o_proj.weight", "mla.wo", "embed, head*value"),
    _tensor(f"{_LAYER}.self_attn.o_proj.bias", "mla.bo", "embed", "out_bias"),
)
DEEPSEEK = (
    # Layers beyond the last predict further tokens; scales belong to numbers that are stored as f8.
    _besides("model.layers.{beyond}.*"),
    _besides("*.weight_scale_inv"),
    *_ENDS,
    *_NORMS,
    *_LATENT,
    *_DENSE,
    _tensor(f"{_LAYER}.mlp.gate.weight", "moe.router.choose", "expert, embed", "sparse"),
    Tensor(
        name=f"{_LAYER}.mlp.gate.e_score_correction_bias",
        weights=("moe.router.correction",),
        axes="expert",
        when="sparse and sigmoid",
        frozen=True,
    ),
    *_experts("mlp", "gate_proj", "up_proj", "down_proj"),
    *_gated("mlp.shared_experts", "swiglu", "shared_hidden", "sparse and shared_hidden"),
)

_GPT2 = "h.{layer}"
GPT2 = (
    # Masks, which older files hold.
    _besides("h.{layer}.attn.bias"),
    _besides("h.{layer}.attn.masked_bias"),
    _besides("lm_head.weight", "tied"),
    _tensor("wte.weight", "table", "vocab, embed"),
    _tensor("wpe.weight", "places", "place, embed"),
    _tensor("ln_f.weight", "ln.gain", "embed"),
    _tensor("ln_f.bias", "ln.bias", "embed"),
    _tensor("lm_head.weight", "lm_head", "vocab, embed", "not tied"),
    _tensor(f"{_GPT2}.ln_1.weight", "ln[0].gain", "embed"),
    _tensor(f"{_GPT2}.ln_1.bias", "ln[0].bias", "embed"),
    _tensor(f"{_GPT2}.ln_2.weight", "ln[1].gain", "embed"),
    _tensor(f"{_GPT2}.ln_2.bias", "ln[1].bias", "embed"),
    _tensor(f"{_GPT2}.attn.c_attn.weight", "mha.wq mha.wk mha.wv", "embed, (1|1|1)*head*head_dim"),
    _tensor(f"{_GPT2}.attn.c_attn.bias", "mha.bq mha.bk mha.bv", "(1|1|1)*head*head_dim"),
    _tensor(f"{_GPT2}.attn.c_proj.weight", "mha.wo", "head*head_dim, embed"),
    _tensor(f"{_GPT2}.attn.c_proj.bias", "mha.bo", "embed"),
    _tensor(f"{_GPT2}.mlp.c_fc.weight", "mlp_bias.up", "embed, hidden"),
    _tensor(f"{_GPT2}.mlp.c_fc.bias", "mlp_bias.up_bias", "hidden"),
    _tensor(f"{_GPT2}.mlp.c_proj.weight", "mlp_bias.down", "hidden, embed"),
    _tensor(f"{_GPT2}.mlp.c_proj.bias", "mlp_bias.down_bias", "embed"),
)

_NEOX = "gpt_neox.layers.{layer}"
GPT_NEOX = (
    _besides(f"{_NEOX}.attention.bias"),
    _besides(f"{_NEOX}.attention.masked_bias"),
    _besides(f"{_NEOX}.attention.rotary_emb.inv_freq"),
    _besides("embed_out.weight", "tied"),
    _tensor("gpt_neox.embed_in.weight", "table", "vocab, embed"),
    _tensor("gpt_neox.final_layer_norm.weight", "ln.gain", "embed"),
    _tensor("gpt_neox.final_layer_norm.bias", "ln.bias", "embed"),
    _tensor("embed_out.weight", "lm_head", "vocab, embed", "not tied"),
    _tensor(f"{_NEOX}.input_layernorm.weight", "ln[0].gain", "embed"),
    _tensor(f"{_NEOX}.input_layernorm.bias", "ln[0].bias", "embed"),
    _tensor(f"{_NEOX}.post_attention_layernorm.weight", "ln[1].gain", "embed"),
    _tensor(f"{_NEOX}.post_attention_layernorm.bias", "ln[1].bias", "embed"),
    _tensor(
        f"{_NEOX}.attention.query_key_value.weight",
        "mha.wq mha.wk mha.wv",
        "head*(1|1|1)*head_dim, embed",
    ),
    _tensor(
        f"{_NEOX}.attention.query_key_value.bias",
        "mha.bq mha.bk mha.bv",
        "head*(1|1|1)*head_dim",
        "qkv_bias",
    ),
    _tensor(f"{_NEOX}.attention.dense.weight", "mha.wo", "embed, head*head_dim"),
    _tensor(f"{_NEOX}.attention.dense.bias", "mha.bo", "embed", "out_bias"),
    _tensor(f"{_NEOX}.mlp.dense_h_to_4h.weight", "mlp_bias.up", "hidden, embed"),
    _tensor(f"{_NEOX}.mlp.dense_h_to_4h.bias", "mlp_bias.up_bias", "hidden"),
    _tensor(f"{_NEOX}.mlp.dense_4h_to_h.weight", "mlp_bias.down", "embed, hidden"),
    _tensor(f"{_NEOX}.mlp.dense_4h_to_h.bias", "mlp_bias.down_bias", "embed"),
)
