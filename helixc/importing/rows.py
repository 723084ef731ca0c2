"""Rows that tables of families share: how a field is read, and what several families ask alike."""

from __future__ import annotations

from typing import Any

from helixc.importing.fields import Field, Kind, Legal, Rule
from helixc.limits import MAX_LAYERS

ACTIVATIONS: Legal = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
}
DTYPES: Legal = {
    "bfloat16": "bf16",
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
}


def read(
    slot: str, spellings: str, kind: Kind = "size", default: str | None = None, **further: Any
) -> Field:
    """A value that a field gives; ``spellings`` are separated by blanks."""
    return Field(
        slot=slot, spellings=tuple(spellings.split()), kind=kind, default=default, **further
    )


def implied(
    slot: str, formula: str, when: str = "", kind: Kind = "amount", *, told: bool = True
) -> Field:
    """A value that no field gives: what a family implies, or what follows from others."""
    return Field(slot=slot, kind=kind, default=formula, when=when, told=told)


def only(spelling: str, *, value: str | bool | int) -> Field:
    """A field of which only one value is understood."""
    kind: Kind = (
        "flag" if isinstance(value, bool) else "count" if isinstance(value, int) else "word"
    )
    return read(spelling, spelling, kind, repr(value), legal={value: value}, told=False)


def rope(*names: str) -> str:
    """The spellings of a field about rotary angles: in today's object, and in the older one."""
    return " ".join(
        f"{where}.{name}" for name in names for where in ("rope_parameters", "rope_scaling")
    )


GENERAL = (
    read("dtype", "dtype torch_dtype", "word", "'f32'", legal=DTYPES),
    only("is_encoder_decoder", value=False),
    only("add_cross_attention", value=False),
)
SIZES = (
    read("vocab", "vocab_size"),
    read("embed", "hidden_size"),
    read("depth", "num_hidden_layers"),
    read("longest", "max_position_embeddings"),
)
UNTIED = (read("tied", "tie_word_embeddings", "flag", "False"),)
DECODER = (
    *GENERAL,
    *SIZES,
    *UNTIED,
    implied("gated", "True"),
    implied("root_mean_square", "True"),
    read("eps", "rms_norm_eps", "number", "1e-6"),
    read("activation", "hidden_act", "word", "'silu'", legal=ACTIVATIONS),
)
LLAMA_LIKE = (*DECODER, read("hidden", "intermediate_size"))
DEPTH = Rule(f"depth <= {MAX_LAYERS}", f"no more than {MAX_LAYERS} layers are imported")

# Attention with fewer key heads than query heads, or as many.
GROUPED = (
    read("query_head", "num_attention_heads"),
    read("kv_head", "num_key_value_heads", null="query_head"),
    read("head_dim", "head_dim", default="embed / query_head"),
    implied("group", "query_head / kv_head"),
    implied("rotated", "head_dim"),
    implied("grouped", "True"),
    implied("attention", "'gqa'"),
    implied("query_heads", "'kv_head, group'"),
    implied("key_heads", "'kv_head'"),
)
GROUPED_LLAMA = tuple(
    read("kv_head", "num_key_value_heads", default="query_head") if row.slot == "kv_head" else row
    for row in GROUPED
)
# Attention with as many, of which none was ever called otherwise; reads after `query_head` and `embed`.
PLAIN_HEADS = (
    implied("head", "query_head"),
    implied("head_dim", "embed / query_head", kind="size"),
    implied("attention", "'mha'"),
    implied("query_heads", "'head'"),
    implied("key_heads", "'head'"),
)
# Attention through latent values (DeepSeek-V2, 2024); what is turned is a part of its own.
LATENT = (
    read("query_head", "num_attention_heads"),
    implied("head", "query_head"),
    read("nope", "qk_nope_head_dim"),
    read("rot", "qk_rope_head_dim"),
    read("value", "v_head_dim"),
    read("q_rank", "q_lora_rank", null="0"),
    read("kv_rank", "kv_lora_rank"),
    read("qkv_bias", "attention_bias", "flag", "False"),
    implied("out_bias", "qkv_bias"),
    implied("rotated", "rot"),
    implied("latent", "True"),
    implied("attention", "'mla'"),
    # These say nothing here: what of a head is turned, how long one is, and what the cache does not hold.
    read("unused_head_dim", "head_dim", default="rot", told=False),
    read("unused_query_dim", "qk_head_dim", default="nope + rot", told=False),
    read("unused_kv_head", "num_key_value_heads", default="query_head", told=False),
)
ROTATED = (
    Rule("rotated > 0 and rotated % 2 == 0", "rotary angles turn pairs"),
    Rule("base > 1", "rotary angles are powers of a number above 1"),
    Rule(
        "scaling != 'llama3' or high_factor > low_factor",
        "frequencies pass from divided to kept between two bounds",
    ),
)
HEADS = (
    Rule("query_head % kv_head == 0", "every key head serves as many query heads"),
    *ROTATED,
)

_GROWTH = "log(max(factor, 1))"
_SCALED = "scaling != 'none'"
_YARN = "scaling == 'yarn'"
_LLAMA3 = "scaling == 'llama3'"
# Names of YaRN (Peng et al., 2023); what is said of attention is as transformers has it.
ROTARY = (
    implied("rotary", "True"),
    read("base", f"{rope('rope_theta')} rope_theta rotary_emb_base", "number", "10000"),
    read(
        "scaling",
        rope("rope_type", "type"),
        "word",
        "'none'",
        legal={"default": "none", "linear": "linear", "llama3": "llama3", "yarn": "yarn"},
        told=False,
    ),
    implied("scaled", _SCALED),
    read("original", rope("original_max_position_embeddings"), default="longest", when=_SCALED),
    read("factor", rope("factor"), "number", null="longest / original", when=_SCALED),
    read("low_factor", rope("low_freq_factor"), "number", when=_LLAMA3),
    read("high_factor", rope("high_freq_factor"), "number", when=_LLAMA3),
    read("beta_fast", rope("beta_fast"), "number", "32", when=_YARN),
    read("beta_slow", rope("beta_slow"), "number", "1", when=_YARN),
    read("truncate", rope("truncate"), "flag", "True", legal={True: True}, when=_YARN, told=False),
    read("mscale", rope("mscale"), "amount", "0", when=_YARN, told=False),
    read("mscale_all", rope("mscale_all_dim"), "amount", "0", when=_SCALED, told=False),
    read("attention_factor", rope("attention_factor"), "amount", "0", when=_YARN, told=False),
    implied(
        "magnitude",
        f"attention_factor if attention_factor else (0.1 * mscale * {_GROWTH} + 1) / "
        f"(0.1 * mscale_all * {_GROWTH} + 1) if mscale and mscale_all else 0.1 * {_GROWTH} + 1",
        when=_YARN,
        told=False,
    ),
    implied("stretched", "magnitude != 1", when=_YARN),
    implied("sharper", f"(0.1 * mscale_all * {_GROWTH} + 1) ** 2", when=_SCALED, told=False),
)

WINDOW = read("window", "sliding_window", "count", "4096", null="0")
MAYBE_WINDOW = (
    read("use_window", "use_sliding_window", "flag", "False"),
    read("window", "sliding_window", "count", null="0", when="use_window"),
    read("first_window", "max_window_layers", "count", "0", told=False),
)
LAYER_TYPES = (
    read(
        "layer_types",
        "layer_types",
        "words",
        "None",
        legal={"full_attention": False, "sliding_attention": True},
        told=False,
    ),
)
TYPED = Rule("layer_types == None or len(layer_types) == depth", "every layer has one type")
TYPED_WINDOW = "layer_types[layer] if layer_types != None"


def experts(spellings: str) -> tuple[Field, ...]:
    """Experts, whose number goes by several names."""
    return (
        implied("experts", "True"),
        implied("scale", "1"),
        read("expert", spellings),
        read("pick", "num_experts_per_tok"),
    )


PICKS = Rule("pick <= expert", "a token cannot choose more experts than there are")
SPARSE_STEPS = (
    read("expert_hidden", "moe_intermediate_size"),
    read("normalise", "norm_topk_prob", "flag", "False"),
    read("sparse_step", "decoder_sparse_step", default="1"),
    read("plain_layers", "mlp_only_layers", "layers", "()", null="()", told=False),
)
STEPPED = "layer not in plain_layers and (layer + 1) % sparse_step == 0"
PLAIN = Rule(
    "plain_layers == () or max(plain_layers) < depth", "layers are counted from 0 to the last"
)

DEEPSEEK_EXPERTS = (
    *experts("n_routed_experts num_experts num_local_experts"),
    read("expert_hidden", "moe_intermediate_size"),
    read("shared_expert", "n_shared_experts", "count", null="0"),
    implied("shared_hidden", "shared_expert * expert_hidden"),
    read("first_dense", "first_k_dense_replace", "count"),
    read("scale", "routed_scaling_factor", "number", "1"),
    only("moe_layer_freq", value=1),
)
AFTER_DENSE = "layer >= first_dense"
RANKINGS: Legal = {"greedy": False, "group_limited_greedy": True}
GROUPS = (
    Rule("not limited or expert % expert_group == 0", "groups of experts are of one size"),
    Rule("not limited or kept_group <= expert_group", "no more groups are kept than there are"),
    Rule(
        "not limited or pick <= kept_group * (expert // expert_group)",
        "the experts that a token chooses are in the groups that are kept",
    ),
)

# What the texts ask for and most families do not have.
FEATURES = (
    *"qkv_bias out_bias mlp_bias qk_norm parallel learned latent grouped rotary scaled gated".split(),
    *"partial stretched root_mean_square experts normalise sigmoid limited shared_gate shared_hidden window".split(),
)
# What follows from the rows of any family, for the texts.
WORDS = (
    # More tokens at once than this are asked for less often, and take long to prove.
    implied("prompt", "min(longest, 4096)"),
    implied("norm", "'rms' if root_mean_square else 'ln'"),
    implied("feed", "'swiglu' if gated else 'mlp_bias'"),
    implied("plain_moe", "not limited and not sigmoid and scale == 1", when="experts"),
    implied("unembed", "'table' if tied else 'lm_head'"),
    implied("partial", "rotated < head_dim", when="rotary and not latent"),
    implied("plain_rope", "'rope_interleaved' if latent else 'rope'"),
    implied("whole_rope", "'rope_scaled' if scaled else plain_rope"),
    implied("rope", "'rope_part' if partial else whole_rope"),
)
