"""Programs of the worked examples: models, and a cluster of their own that no calibration touches.

593.4 TFLOP/s and 2.68 TB/s per GPU, roofline, memory unlimited, nodes of 8, NVLink 450 GB/s 3 us,
InfiniBand 50 GB/s 10 us per GPU and direction.
"""

from __future__ import annotations

HARDWARE = """
gpu oracle {
  memory = 1000 PB
  bandwidth = 2.68 TB/s
  bf16 = 593.4 TFLOP/s
  compute_fraction = 1
  bandwidth_fraction = 1
}
link nv { bandwidth = 450 GB/s; latency = 3 us }
link ib { bandwidth = 50 GB/s; latency = 10 us }
cluster sixteen { gpu oracle; level node = 2 via ib; level gpu = 8 via nv }
cluster eight { gpu oracle; level gpu = 8 via nv }
"""

SIZES = """
  dim batch = 1024, seq = 10_000, embed = 8192, head = 16, head_dim = 512, hidden = 32_768
"""

BLOCK = """
  input x: bf16[batch, seq, embed]
  x = x + mha(layer_norm(x, over embed))
  x = x + mlp(layer_norm(x, over embed))
  output x
"""

LAYERS = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v, over head_dim)
  return matmul(attended, wo, over head, head_dim)
}
layer attend(q: [.., seq, d], k: [.., key, d], v: [.., key], over d) -> [.., seq] {
  scores = matmul(q, k, over d) / sqrt(d)
  probs = softmax(scores, over key)
  return matmul(probs, v, over key)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}
"""

CAUSAL = """
layer attend(q: [.., seq, d], k: [.., key, d], v: [.., key], over d) -> [.., seq] {
  scores = matmul(q, k, over d) / sqrt(d)
  masked = where(index(key) <= index(seq), scores, -1e30)
  probs = softmax(masked, over key)
  return matmul(probs, v, over key)
}
"""

GROUPED = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v, over head_dim)
  return matmul(attended, wo, over kv_head, group, head_dim)
}
"""

VOCABULARY = """
  dim batch = 8, seq = 4096, embed = 8192, vocab = 51_200
  input tokens, labels: i32[batch, seq]
  weight table: [vocab, embed]
  x = take(table, vocab = tokens)
  logits = matmul(layer_norm(x, over embed), table, over embed)
"""


def _without(layers: str, name: str) -> str:
    head, rest = layers.split(f"layer {name}(", 1)
    return head + rest.split("\n}\n", 1)[1]


def program(plan: str, *, sizes: str = SIZES, body: str = BLOCK, cluster: str = "sixteen") -> str:
    """The reference model under a plan whose lines are given."""
    return _text(LAYERS, plan, sizes, body, cluster)


def causal(plan: str, *, sizes: str = SIZES, cluster: str = "eight") -> str:
    """The same with a causal mask."""
    return _text(_without(LAYERS, "attend") + CAUSAL, plan, sizes, BLOCK, cluster)


def grouped(plan: str, sizes: str, *, mask: bool = False, cluster: str = "sixteen") -> str:
    """The same with grouped-query attention: sizes give kv_head and group."""
    layers = _without(LAYERS, "mha") + GROUPED
    if mask:
        layers = _without(layers, "attend") + CAUSAL
    return _text(layers, plan, sizes, BLOCK, cluster)


def vocabulary(plan: str, output: str) -> str:
    """An embedding, a tied head, and what comes of its logits."""
    return _text("", plan, VOCABULARY, f"  {output}\n", "eight")


def _text(layers: str, plan: str, sizes: str, body: str, cluster: str) -> str:
    model = f"model m {{\n  dtype bf16\n{sizes}{body}}}\n"
    return f"{HARDWARE}{model}{layers}plan p for m on {cluster} {{\n{plan}\n}}\n"


ROTARY_SIZES = """
  dim batch = 8, seq = 4096, embed = 4096, head = 32, head_dim = 128, hidden = 16_384
"""

UNDIVIDED = """
layer rope(x: [.., seq, d], over d) -> [.., seq, d] {
  dim lower = d / 2, upper = d / 2
  a, c = split(x, d -> lower + upper)
  b = rename(c, upper -> lower)
  angle = index(seq) * 10_000 ** (-index(lower) / lower)
  turned = rename(a * sin(angle) + b * cos(angle), lower -> upper)
  return concat(a * cos(angle) - b * sin(angle), turned, lower + upper -> d)
}
"""


ROTARY = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  straight_q = matmul(x, wq, over embed)
  straight_k = matmul(x, wk, over embed)
  q = rope(straight_q, over head_dim)
  k = rename(rope(straight_k, over head_dim), seq -> key)
  v = matmul(rename(x, seq -> key), wv, over embed)
  attended = attend(q, k, v, over head_dim)
  return matmul(attended, wo, over head, head_dim)
}
"""


def rotary(plan: str, *, pairs: bool) -> str:
    """The model with rotary embeddings: of head_dim as half * pair, or cut in two and joined again."""
    layers = _without(LAYERS, "mha") + ROTARY
    rope = "import std.layers\n" if pairs else UNDIVIDED
    return rope + _text(layers, plan, ROTARY_SIZES, BLOCK, "sixteen")


DECODE_SIZES = """
  dim batch = 8, seq = 1, past = 8191, key = past + seq, embed = 8192, hidden = 28_672
  dim kv_head = 8, group = 8, head_dim = 128
"""

CACHED = """
layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  state k, v: [.., key, kv_head, head_dim]
  q = matmul(x, wq, over embed)
  k = append(k, matmul(x, wk, over embed), at = past, seq -> key)
  v = append(v, matmul(x, wv, over embed), at = past, seq -> key)
  return matmul(attend(q, k, v), wo, over kv_head, group, head_dim)
}
layer attend(q: [.., seq, kv_head, group, head_dim], k: [.., key, kv_head, head_dim], v: [.., key, kv_head, head_dim]) {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  seen = where(index(key) <= index(seq) + past, scores, -1e30)
  top = max(seen, over key)
  powers = exp(seen - top)
  total = sum(powers, over key)
  values = matmul(powers, v, over key)
  return values / total
}
"""

CHUNKED = """
layer attend(q: [.., seq, kv_head, group, head_dim], k: [.., key, kv_head, head_dim], v: [.., key, kv_head, head_dim]) {
  dim chunk = 4
  parts = rename(k, key -> chunk * inner)
  scores = matmul(q, parts, over head_dim) / sqrt(head_dim)
  seen = where(index(key) <= index(seq) + past, scores, -1e30)
  top = max(seen, over inner)
  powers = exp(seen - top)
  total = sum(powers, over inner)
  values = matmul(powers, rename(v, key -> chunk * inner), over inner)
  return merge(top, total, values)
}
layer merge(top: [.., chunk, group], total: [.., chunk, group], values: [.., chunk, group, head_dim]) {
  share = exp(top - max(top, over chunk))
  return sum(values * share, over chunk) / sum(total * share, over chunk)
}
"""

EXPERT_SIZES = """
  dim group = 64, token = 4096, embed = 4096, hidden = 14_336, expert = 64, pick = 2
"""

EXPERTS = """
  input x: [group, token, embed]
  input gates: [group, token, pick]
  input choice: i32[group, token, pick]
  output y = experts(x, gates, choice)
"""

EXPERT_LAYER = """
layer experts(x: [.., token, embed], gates: [.., token, pick], choice: i32[.., token, pick]) -> [.., token, embed] {
  weight up: [expert, embed, hidden]
  weight down: [expert, hidden, embed]
  sent = dispatch(x, choice, token -> slot, over expert)
  made = matmul(relu(matmul(sent, up, over embed)), down, over hidden)
  return matmul(combine(made, choice, slot -> token, over expert), gates, over pick)
}
"""


def decode(plan: str, *, chunked: bool = False) -> str:
    """One step of decoding with a cache; ``chunked``: each part of the keys on its own, and then merged."""
    layers = _without(_without(LAYERS, "mha"), "attend") + CACHED
    if chunked:
        layers = _without(layers, "attend") + CHUNKED
    return _text(layers, plan, DECODE_SIZES, BLOCK, "eight")


def experts(plan: str, *, slots: int = 0, cluster: str = "eight") -> str:
    """Experts with so many places for every group of tokens; without a number they are ragged."""
    sizes = EXPERT_SIZES + (f"  dim slot = {slots}\n" if slots else "")
    return _text(EXPERT_LAYER, plan, sizes, EXPERTS, cluster)
