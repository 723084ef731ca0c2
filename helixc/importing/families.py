"""The families of models that can be imported: a table each, and nothing else.

A row says which field of ``config.json`` gives a value and what its absence means.  Where a family of
``transformers`` has a default that only fits one of its models (1407 wide experts), the field has to be there.
"""

from __future__ import annotations

from collections.abc import Mapping

from helixc.importing import rows, tensors
from helixc.importing.fields import Family, Rule
from helixc.importing.rows import implied, only, read

LLAMA = Family(
    types=("llama",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.GROUPED_LLAMA,
        read("qkv_bias", "attention_bias", "flag", "False"),
        implied("out_bias", "qkv_bias"),
        read("mlp_bias", "mlp_bias", "flag", "False"),
        *rows.ROTARY,
    ),
    rules=(rows.DEPTH, *rows.HEADS),
    tensors=tensors.LLAMA,
)
MISTRAL = Family(
    types=("mistral",),
    fields=(*rows.LLAMA_LIKE, *rows.GROUPED, rows.WINDOW, *rows.ROTARY),
    rules=(rows.DEPTH, *rows.HEADS),
    tensors=tensors.LLAMA,
    windowed="window > 0",
)
QWEN2 = Family(
    types=("qwen2",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.GROUPED,
        *rows.MAYBE_WINDOW,
        *rows.LAYER_TYPES,
        *rows.ROTARY,
        implied("qkv_bias", "True"),
    ),
    rules=(rows.DEPTH, rows.TYPED, *rows.HEADS),
    tensors=tensors.LLAMA,
    windowed=f"window > 0 and ({rows.TYPED_WINDOW} else layer >= first_window)",
)
QWEN3 = Family(
    types=("qwen3",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.GROUPED,
        *rows.MAYBE_WINDOW,
        *rows.LAYER_TYPES,
        *rows.ROTARY,
        read("qkv_bias", "attention_bias", "flag", "False"),
        implied("out_bias", "qkv_bias"),
        implied("qk_norm", "True"),
    ),
    rules=(rows.DEPTH, rows.TYPED, *rows.HEADS),
    tensors=tensors.LLAMA,
    windowed=QWEN2.windowed,
)
MIXTRAL = Family(
    types=("mixtral",),
    fields=(
        *rows.DECODER,
        *rows.GROUPED,
        read("window", "sliding_window", "count", "0", null="0", told=False),
        *rows.ROTARY,
        *rows.experts("num_local_experts num_experts"),
        read("expert_hidden", "intermediate_size"),
        implied("normalise", "True"),
    ),
    rules=(rows.DEPTH, *rows.HEADS, rows.PICKS),
    tensors=tensors.MIXTRAL,
    sparse="True",
    windowed="window > 0",
)
QWEN2_MOE = Family(
    types=("qwen2_moe",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.GROUPED,
        *rows.MAYBE_WINDOW,
        *rows.LAYER_TYPES,
        *rows.ROTARY,
        read("qkv_bias", "qkv_bias", "flag", "True"),
        *rows.experts("num_experts num_local_experts"),
        *rows.SPARSE_STEPS,
        read("shared_hidden", "shared_expert_intermediate_size"),
        implied("shared_gate", "True"),
    ),
    rules=(rows.DEPTH, rows.TYPED, *rows.HEADS, rows.PICKS, rows.PLAIN),
    tensors=tensors.QWEN_MOE,
    sparse=rows.STEPPED,
    windowed=f"window > 0 and ({rows.TYPED_WINDOW} else layer < first_window and layer % 2 == 0)",
)
QWEN3_MOE = Family(
    types=("qwen3_moe",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.GROUPED,
        *rows.MAYBE_WINDOW,
        *rows.ROTARY,
        read("qkv_bias", "attention_bias", "flag", "False"),
        implied("out_bias", "qkv_bias"),
        implied("qk_norm", "True"),
        *rows.experts("num_experts num_local_experts"),
        *rows.SPARSE_STEPS,
    ),
    rules=(rows.DEPTH, *rows.HEADS, rows.PICKS, rows.PLAIN),
    tensors=tensors.QWEN_MOE,
    sparse=rows.STEPPED,
    windowed="window > 0",
)
DEEPSEEK_V2 = Family(
    types=("deepseek_v2",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.LATENT,
        *rows.ROTARY,
        read("mlp_bias", "mlp_bias", "flag", "False"),
        *rows.DEEPSEEK_EXPERTS,
        only("scoring_func", value="softmax"),
        only("norm_topk_prob", value=False),
        read("limited", "topk_method", "word", "'greedy'", legal=rows.RANKINGS),
        read("expert_group", "n_group", when="limited"),
        read("kept_group", "topk_group", when="limited"),
    ),
    rules=(rows.DEPTH, *rows.ROTATED, rows.PICKS, *rows.GROUPS),
    tensors=tensors.DEEPSEEK,
    sparse=rows.AFTER_DENSE,
)
DEEPSEEK_V3 = Family(
    types=("deepseek_v3",),
    fields=(
        *rows.LLAMA_LIKE,
        *rows.LATENT,
        *rows.ROTARY,
        only("rope_interleave", value=True),
        *rows.DEEPSEEK_EXPERTS,
        only("scoring_func", value="sigmoid"),
        only("topk_method", value="noaux_tc"),
        implied("sigmoid", "True"),
        read("normalise", "norm_topk_prob", "flag", "True"),
        read("expert_group", "n_group"),
        read("kept_group", "topk_group"),
        implied("limited", "expert_group > 1"),
    ),
    rules=(
        rows.DEPTH,
        *rows.ROTATED,
        rows.PICKS,
        *rows.GROUPS,
        Rule(
            "not limited or expert >= 2 * expert_group",
            "a group of experts is ranked by the best two of it",
        ),
    ),
    tensors=tensors.DEEPSEEK,
    sparse=rows.AFTER_DENSE,
)
GPT2 = Family(
    types=("gpt2",),
    fields=(
        *rows.GENERAL,
        read("vocab", "vocab_size"),
        read("embed", "n_embd hidden_size"),
        read("depth", "n_layer num_hidden_layers"),
        read("longest", "n_positions max_position_embeddings"),
        read("query_head", "n_head num_attention_heads"),
        read("hidden", "n_inner", default="4 * embed"),
        read("eps", "layer_norm_epsilon", "number", "1e-5"),
        read("activation", "activation_function", "word", "'gelu_tanh'", legal=rows.ACTIVATIONS),
        read("tied", "tie_word_embeddings", "flag", "True"),
        only("scale_attn_weights", value=True),
        only("scale_attn_by_inverse_layer_idx", value=False),
        *rows.PLAIN_HEADS,
        implied("learned", "True"),
        implied("place", "longest"),
        implied("qkv_bias", "True"),
        implied("out_bias", "True"),
        implied("mlp_bias", "True"),
    ),
    rules=(rows.DEPTH,),
    tensors=tensors.GPT2,
    prefix="transformer.",
)
GPT_NEOX = Family(
    types=("gpt_neox",),
    fields=(
        *rows.GENERAL,
        *rows.SIZES,
        read("query_head", "num_attention_heads"),
        read("hidden", "intermediate_size"),
        read("eps", "layer_norm_eps", "number", "1e-5"),
        read("activation", "hidden_act", "word", "'gelu'", legal=rows.ACTIVATIONS),
        *rows.UNTIED,
        *rows.PLAIN_HEADS,
        read("parallel", "use_parallel_residual", "flag", "True"),
        read("qkv_bias", "attention_bias", "flag", "True"),
        implied("out_bias", "qkv_bias"),
        implied("mlp_bias", "True"),
        read("part", f"{rows.rope('partial_rotary_factor')} rotary_pct", "number", "0.25"),
        implied("rotated", "int(head_dim * part)"),
        *rows.ROTARY,
    ),
    rules=(rows.DEPTH, *rows.ROTATED, Rule("part <= 1", "no more of a head is turned than all")),
    tensors=tensors.GPT_NEOX,
)

_ALL = (
    LLAMA,
    MISTRAL,
    QWEN2,
    QWEN3,
    MIXTRAL,
    QWEN2_MOE,
    QWEN3_MOE,
    DEEPSEEK_V2,
    DEEPSEEK_V3,
    GPT2,
    GPT_NEOX,
)
FAMILIES: Mapping[str, Family] = {name: family for family in _ALL for name in family.types}

# Fields that change neither sizes nor what is computed for a token: training, generation, bookkeeping.
HARMLESS = frozenset(
    """
    architectures attention_dropout attention_probs_dropout_prob attn_implementation attn_pdrop aux_loss_alpha auto_map bad_words_ids
    begin_suppress_tokens bos_token_id chunk_size_feed_forward classifier_dropout cross_attention_hidden_size
    decoder_start_token_id diversity_penalty do_sample early_stopping embd_pdrop encoder_no_repeat_ngram_size
    eos_token_id ep_size exponential_decay_length_penalty finetuning_task forced_bos_token_id
    forced_eos_token_id gradient_checkpointing hidden_dropout hidden_dropout_prob id2label initializer_range is_decoder label2id
    length_penalty max_length max_new_tokens min_length model_type n_ctx no_repeat_ngram_size
    num_beam_groups num_beams num_labels num_return_sequences output_attentions output_hidden_states
    output_router_logits output_scores pad_token_id prefix pretraining_tp problem_type
    remove_invalid_values reorder_and_upcast_attn repetition_penalty resid_pdrop return_dict
    return_dict_in_generate router_aux_loss_coef router_jitter_noise sep_token_id seq_aux
    summary_activation summary_first_dropout summary_proj_to_labels summary_type summary_use_proj
    suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder tokenizer_class
    top_k top_p torchscript transformers_version typical_p unsloth_version unsloth_fixed use_bfloat16 use_cache
    """.split()
)
# Fields that are known and set aside, and what a reader should know of that.
SET_ASIDE: Mapping[str, str] = {
    "quantization_config": "weights are taken as `dtype` says, not as they are quantised",
    "num_nextn_predict_layers": "layers that predict further tokens are left out",
    "num_mtp_layers": "layers that predict further tokens are left out",
}
