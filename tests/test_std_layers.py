"""The layers of the library against their formulas in NumPy, and how plans name them."""

from __future__ import annotations

import numpy as np
import pytest
from running import run, text_of

from helixc.compiler import compile_text
from helixc.interp.verify import verify
from helixc.ir.layout import AllToAll
from helixc.ir.spmd import Move

DIMS = "dim batch = 2, seq = 6, embed = 8, head = 2, head_dim = 4, hidden = 10\n"
X = DIMS + "dtype f64\ninput x: [batch, seq, embed]\n"
QKV = """dim batch = 2, seq = 6, key = 6, head = 2, head_dim = 4, value = 3
dtype f64
input q: [batch, head, seq, head_dim]; input k: [batch, head, key, head_dim]; input v: [batch, head, key, value]
"""


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Axes: batch, head, position, depth; ``seen`` of queries and keys."""
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    return softmax(np.where(seen, scores, -np.inf)) @ v


def of_heads(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.einsum("bse,ehd->bhsd", x, w)


def joined(mixed: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.einsum("bhsd,hde->bse", mixed, w)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


QUERY, KEY = np.arange(6)[:, None], np.arange(6)[None, :]
CAUSAL = KEY <= QUERY


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ("", CAUSAL),
        ("causal = false, ", CAUSAL | True),
        ("window = 2, ", CAUSAL & (QUERY - KEY < 2)),
        ("causal = false, window = 3, ", QUERY - KEY < 3),
        ("start = 2, ", KEY <= QUERY + 2),
    ],
)
def test_a_query_sees_the_keys_that_the_options_leave(options: str, seen: np.ndarray) -> None:
    found = run(QKV + f"output y = attend(q, k, v, {options}over head_dim)")

    expected = attention(found["q"], found["k"], found["v"], seen)
    assert np.allclose(found["y"], expected, atol=1e-12)


def test_scores_are_scaled_and_capped() -> None:
    found = run(QKV + "output y = attend(q, k, v, cap = 5, scale = 3, over head_dim)")

    scores = 5 * np.tanh(found["q"] @ found["k"].swapaxes(-1, -2) * 3 / 5)
    assert np.allclose(found["y"], softmax(np.where(CAUSAL, scores, -np.inf)) @ found["v"])


def test_norms_have_a_gain_and_layer_norm_a_bias() -> None:
    found = run(X + "y = ln(x, over embed)\noutput y")
    x = found["x"]
    centred = x - x.mean(-1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    assert np.allclose(found["y"], normal * found["gain"] + found["bias"])

    found = run(X + "y = rms(x, eps = 0.5, over embed)\noutput y")
    normal = found["x"] / np.sqrt((found["x"] ** 2).mean(-1, keepdims=True) + 0.5)
    assert np.allclose(found["y"], normal * found["gain"])


def test_gated_products_and_biased_ones() -> None:
    found = run(X + "y = swiglu(x)\noutput y")
    x = found["x"]
    expected = (silu(x @ found["gate"]) * (x @ found["up"])) @ found["down"]
    assert np.allclose(found["y"], expected)

    found = run(X + "y = geglu(x)\noutput y")
    expected = (gelu_tanh(found["x"] @ found["gate"]) * (found["x"] @ found["up"])) @ found["down"]
    assert np.allclose(found["y"], expected)

    found = run(X + "y = mlp_bias(x, fast = true)\noutput y")
    opened = gelu_tanh(found["x"] @ found["up"] + found["up_bias"])
    assert np.allclose(found["y"], opened @ found["down"] + found["down_bias"])


def test_attention_with_biases_and_across_sequences() -> None:
    found = run(X + "y = mha_bias(x)\noutput y")
    x = found["x"]
    q, k, v = (of_heads(x, found[f"w{n}"]) + found[f"b{n}"][:, None, :] for n in "qkv")
    assert np.allclose(found["y"], joined(attention(q, k, v, CAUSAL), found["wo"]) + found["bo"])

    memory = "dim source = 5\ninput memory: [batch, source, embed]\n"
    found = run(X + memory + "y = cross(x, memory, key = source)\noutput y")
    q = of_heads(found["x"], found["wq"])
    k, v = (of_heads(found["memory"], found[f"w{n}"]) for n in "kv")
    seen = np.ones((6, 5), dtype=bool)
    assert np.allclose(found["y"], joined(attention(q, k, v, seen), found["wo"]))


def test_a_score_falls_with_the_distance_under_alibi() -> None:
    found = run(QKV + "output y = attend(q, k, v, alibi = true, over head_dim)")

    slopes = 2.0 ** (-8 * np.arange(1, 3) / 2)[:, None, None]
    scores = found["q"] @ found["k"].swapaxes(-1, -2) / 2 - slopes * (QUERY - KEY)
    assert np.allclose(found["y"], softmax(np.where(CAUSAL, scores, -np.inf)) @ found["v"])


# --- rotary embeddings

WIDE = 64
ROTARY = f"""dim batch = 2, seq = 5, head = 2, head_dim = {WIDE}, rot = 16
dtype f64
input x: [batch, seq, head, head_dim]
"""
PAIRS = np.arange(WIDE // 2)


def turned(x: np.ndarray, frequency: np.ndarray, start: int = 0) -> np.ndarray:
    """Half-split rotation of the last axis; axes: batch, position, head, depth."""
    angle = (np.arange(x.shape[1]) + start)[:, None, None] * frequency
    first, second = np.split(x, 2, axis=-1)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.concatenate([first * cosine - second * sine, first * sine + second * cosine], axis=-1)


def rotated(call: str) -> tuple[np.ndarray, np.ndarray]:
    """The input and the result, pairs merged into one axis."""
    found = run(f"{ROTARY}output y = {call}")
    shape = (2, 5, 2, WIDE)
    return found["x"].reshape(shape), found["y"].reshape(shape)


def test_rotary_embeddings_turn_the_halves() -> None:
    x, y = rotated("rope(x, base = 500, start = 3, over head_dim)")

    assert np.allclose(y, turned(x, 500.0 ** (-2 * PAIRS / WIDE), start=3))


def test_interleaved_rotary_embeddings_turn_neighbours() -> None:
    x, y = rotated("rope_interleaved(x, over head_dim)")

    order = np.concatenate([np.arange(0, WIDE, 2), np.arange(1, WIDE, 2)])
    assert np.allclose(y[..., order], turned(x[..., order], 1e4 ** (-2 * PAIRS / WIDE)))


def test_partial_rotary_embeddings_leave_the_rest() -> None:
    found = run(f"{ROTARY}output y = rope_part(x, over head_dim)")
    x, y = found["x"], found["y"]

    assert np.allclose(y[..., :16], turned(x[..., :16], 1e4 ** (-np.arange(8) / 8)))
    assert np.array_equal(y[..., 16:], x[..., 16:])


def test_frequencies_are_slowed_down_as_llama_3_does() -> None:
    options = "base = 500_000, factor = 8, trained = 8192, low = 1, high = 4"
    x, y = rotated(f"rope(x, {options}, over head_dim)")

    frequency = 5e5 ** (-2 * PAIRS / WIDE)
    length = 2 * np.pi / frequency
    smooth = (8192 / length - 1) / (4 - 1)
    between = (1 - smooth) * frequency / 8 + smooth * frequency
    expected = np.where(
        length < 8192 / 4, frequency, np.where(length > 8192, frequency / 8, between)
    )
    assert len(set(np.sign(expected / frequency - 1))) == 2
    assert np.allclose(y, turned(x, expected))


def test_frequencies_are_slowed_down_along_the_pairs_as_yarn_does() -> None:
    options = "factor = 40, trained = 4096, low = 1, high = 32, yarn = true"
    x, y = rotated(f"rope(x, {options}, over head_dim)")

    frequency = 1e4 ** (-2 * PAIRS / WIDE)
    at = [WIDE * np.log(4096 / (turns * 2 * np.pi)) / (2 * np.log(1e4)) for turns in (32, 1)]
    low, high = np.floor(at[0]), np.ceil(at[1])
    ramp = np.clip((PAIRS - low) / (high - low), 0, 1)
    assert np.allclose(y, turned(x, frequency / 40 * ramp + frequency * (1 - ramp)))


def test_without_a_trained_length_all_frequencies_are_slowed_down_alike() -> None:
    x, y = rotated("rope(x, factor = 4, over head_dim)")

    assert np.allclose(y, turned(x, 1e4 ** (-2 * PAIRS / WIDE) / 4))


def test_learned_positions_are_rows_of_a_table() -> None:
    found = run(X + "dim place = 9\noutput y = learned(x, start = 3)")

    assert np.allclose(found["y"], found["x"] + found["places"][3:9])


# --- in plans

BLOCK = """
  dim batch = 64, seq = 8192, embed = 4096, head = 32, head_dim = 128, hidden = 16_384
  input x: bf16[batch, seq, embed]
  x = x + mha(rms(x, over embed))
  x = x + mlp(rms(x, over embed))
  output x
"""


NEAR = """
  layer near(x: [.., seq, embed]) -> [.., seq, embed] {
    weight wq, wk, wv: [embed, head, head_dim]
    weight wo: [head, head_dim, embed]
    y = rename(x, seq -> key)
    q = matmul(x, wq, over embed)
    k = matmul(y, wk, over embed)
    v = matmul(y, wv, over embed)
    return matmul(attend(q, k, v, window = 1024, over head_dim), wo, over head, head_dim)
  }
"""


def test_heads_split_in_attend_alone_is_ulysses_with_four_exchanges() -> None:
    plan = "mesh sp = 8\nshard seq over sp\nin attend { shard head over sp }"
    compiled = compile_text(text_of(BLOCK, plan, gpus=8))

    steps = [op.step for op in compiled.spmd.body if isinstance(op, Move)]
    assert [type(step) for step in steps] == [AllToAll] * 4
    assert verify(compiled.logical, compiled.stages[1:]).verdict == "equal"


def test_each_call_in_the_models_body_is_one_drawing() -> None:
    plan = (
        "mesh tp = 4\nin mha { shard head over tp; fuse attend }\nin mlp { shard hidden over tp }"
    )
    compiled = compile_text(text_of(BLOCK, plan, gpus=4))

    names = {drawing.stem for drawing in compiled.drawings}
    assert {"rms", "mha", "rms_2", "mlp", "complete_m_model"} <= names


def test_a_shifted_mask_is_causal_to_the_price() -> None:
    plan = "mesh tp = 4\nin mha { shard head over tp; fuse attend }"
    fused = compile_text(text_of(BLOCK, plan, gpus=4)).report

    terms = [getattr(step, "term", "") for step in fused.critical_path.steps]
    assert "Attention_Time(512, 8192, 8192, 128, causal)" in terms


def test_a_window_is_one_to_the_price() -> None:
    text = text_of(BLOCK, "mesh tp = 4\nin mha { shard head over tp; fuse attend }", gpus=4)
    near = text.replace("  model m {", NEAR + "  model m {").replace("mha(", "near(", 1)
    fused = compile_text(near.replace("in mha", "in near")).report

    terms = [getattr(step, "term", "") for step in fused.critical_path.steps]
    assert "Attention_Time(512, 8192, 8192, 128, causal, window=1024)" in terms


# --- losses


def test_cross_entropy_is_the_logarithm_of_the_softmax_at_the_label() -> None:
    labels = np.random.default_rng(1).integers(0, 7, (3, 5))
    body = """dim batch = 3, seq = 5, vocab = 7
      dtype f64
      input logits: [batch, seq, vocab]; input labels: i32[batch, seq]
      output loss = cross_entropy(logits, labels)"""
    found = run(body, {"labels": labels})

    at_label = np.take_along_axis(softmax(found["logits"]), labels[..., None], axis=-1)[..., 0]
    assert np.allclose(found["loss"], -np.log(at_label))
