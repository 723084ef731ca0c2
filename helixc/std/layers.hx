# Layers to use, open, copy and change.  A layer takes its sizes from whoever calls it: `needs` says which dimensions
# those are, and a call may bind them otherwise (`swiglu(x, hidden = expert_hidden)`).  Only what a program calls is read.

# Layer normalisation with a gain and a bias (Ba et al., 2016); the operator layer_norm has neither.
layer ln(x: [.., d], eps = 1e-5, over d) -> [.., d] {
  weight gain, bias: [d]
  return layer_norm(x, eps = eps, over d) * gain + bias
}

# Root-mean-square normalisation with a gain (Zhang and Sennrich, 2019); along `head_dim` it is the norm of queries and keys.
layer rms(x: [.., d], eps = 1e-6, over d) -> [.., d] {
  weight gain: [d]
  return rms_norm(x, eps = eps, over d) * gain
}

# Two products with a GELU between them.  Needs hidden.
layer mlp(x: [.., embed]) -> [.., embed] {
  weight up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(gelu(matmul(x, up, over embed)), down, over hidden)
}

# The same with biases; `fast` takes the GELU by tanh, as GPT-2 does.  Needs hidden.
layer mlp_bias(x: [.., embed], fast = false) -> [.., embed] {
  weight up: [embed, hidden]
  weight up_bias: [hidden]
  weight down: [hidden, embed]
  weight down_bias: [embed]
  opened = matmul(x, up, over embed) + up_bias
  bent = where(fast, gelu_tanh(opened), gelu(opened))
  return matmul(bent, down, over hidden) + down_bias
}

# Gated by SiLU (Shazeer, 2020), as Llama, Mistral, Qwen and DeepSeek do.  Needs hidden.
layer swiglu(x: [.., embed]) -> [.., embed] {
  weight gate, up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(silu(matmul(x, gate, over embed)) * matmul(x, up, over embed), down, over hidden)
}

# Gated by a GELU, by tanh unless told otherwise, as Gemma does.  Needs hidden.
layer geglu(x: [.., embed], fast = true) -> [.., embed] {
  weight gate, up: [embed, hidden]
  weight down: [hidden, embed]
  opened = matmul(x, gate, over embed)
  bent = where(fast, gelu_tanh(opened), gelu(opened))
  return matmul(bent * matmul(x, up, over embed), down, over hidden)
}

# Rotary position embeddings (Su et al., 2021): pair i of d elements is turned by position / base ** (2 i / d), pairs being
# (i, i + d/2), as checkpoints of Llama have them.  `start`: the position of the first element of seq.  A longer context than
# the one that was `trained` is reached by frequencies divided by `factor`: of all pairs alike (Chen et al., 2023), or, where
# `trained` is given, fully below `low` turns within it and not at all above `high` turns (Llama 3; `yarn` puts the ramp
# between along the pairs instead of the turns, Peng et al., 2023).
layer rope(
  x: [.., seq, d],
  base = 10_000, start = 0, factor = 1, trained = inf, low = 1, high = 4, yarn = false, over d
) -> [.., seq, d] {
  dim half = 2, pair = d / 2
  pairs = rename(x, d -> half * pair)
  angle = turn(base = base, start = start, factor = factor, trained = trained, low = low, high = high, yarn = yarn)
  return rename(rotate(pairs, angle, over half), half * pair -> d)
}

# The same with pairs (2 i, 2 i + 1), as GPT-J and DeepSeek have them.  Where the pairs are is all that differs, so a split
# of d leaves every pair on one GPU in both.
layer rope_interleaved(
  x: [.., seq, d],
  base = 10_000, start = 0, factor = 1, trained = inf, low = 1, high = 4, yarn = false, over d
) -> [.., seq, d] {
  dim half = 2, pair = d / 2
  pairs = rename(x, d -> pair * half)
  angle = turn(base = base, start = start, factor = factor, trained = trained, low = low, high = high, yarn = yarn)
  return rename(rotate(pairs, angle, over half), pair * half -> d)
}

# Rotary embeddings of the first `rot` of d elements; the others stay as they are (GPT-NeoX).  Needs rot.
layer rope_part(x: [.., seq, d], base = 10_000, start = 0, over d) -> [.., seq, d] {
  dim still = d - rot
  turned, rest = split(x, d -> rot + still)
  return concat(rope(turned, base = base, start = start, over rot), rest, rot + still -> d)
}

# The angle of every pair at every position; the options are those of rope.  Needs seq, pair.
layer turn(base = 10_000, start = 0, factor = 1, trained = inf, low = 1, high = 4, yarn = false) -> [seq, pair] {
  frequency = base ** (-index(pair) / pair)
  kept = where(trained < inf, ramp(frequency, base = base, trained = trained, low = low, high = high, yarn = yarn), 0)
  slowed = where(factor == 1, frequency, frequency * (kept + (1 - kept) / factor))
  return (index(seq) + start) * slowed
}

# How much of its frequency a pair keeps: 0 below `low` turns within the `trained` positions, 1 above `high`.
layer ramp(frequency: [pair], base = 10_000, trained = 8192, low = 1, high = 4, yarn = false) -> [pair] {
  full_turn = 6.283185307179586
  per_pair = log(base) / pair
  first = max(floor(log(trained / (high * full_turn)) / per_pair), 0)
  last = min(ceil(log(trained / (low * full_turn)) / per_pair), 2 * pair - 1)
  turns = frequency * trained / full_turn
  slope = where(yarn, (last - index(pair)) / max(last - first, 0.001), (turns - low) / (high - low))
  return min(max(slope, 0), 1)
}

# Queries meet keys: softmax(q k) v, of whatever heads q, k and v have.  It owns no weights, so `in attend { shard head
# over sp }` splits the heads of the scores and leaves the projections as they are (Ulysses), and `fuse attend` makes it
# one kernel.  `start`: the position of the first query among the keys.  A query sees keys up to its own place, of these the
# last `window`; `cap` bounds scores softly (Gemma 2).  `alibi`: a score falls with the distance, at a rate of its own for
# every one of `head` heads, a power of two (Press et al., 2022).
layer attend(
  q: [.., seq, d], k: [.., key, d], v: [.., key],
  start = 0, causal = true, window = inf, cap = inf, alibi = false, scale = d ** -0.5, over d
) -> [.., seq] {
  scores = matmul(q, k, over d) * scale
  capped = where(cap < inf, cap * tanh(scores / cap), scores)
  nearest = where(alibi, capped + (index(key) - index(seq) - start) * 2 ** (-8 * (index(head) + 1) / head), capped)
  past = where(causal, where(index(key) <= index(seq) + start, nearest, -1e30), nearest)
  near = where(window < inf, where(index(seq) + start - index(key) < window, past, -1e30), past)
  return matmul(softmax(near, over key), v, over key)
}

# Attention of as many key heads as query heads.  Needs head, head_dim.
layer mha(x: [.., seq, embed], causal = true) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  mixed = attend(q, matmul(y, wk, over embed), matmul(y, wv, over embed), causal = causal, over head_dim)
  return matmul(mixed, wo, over head, head_dim)
}

# The same with biases, as GPT-2 and BERT do.  Needs head, head_dim.
layer mha_bias(x: [.., seq, embed], causal = true) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight bq, bk, bv: [head, head_dim]
  weight wo: [head, head_dim, embed]
  weight bo: [embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed) + bq
  k = matmul(y, wk, over embed) + bk
  v = matmul(y, wv, over embed) + bv
  mixed = attend(q, k, v, causal = causal, over head_dim)
  return matmul(mixed, wo, over head, head_dim) + bo
}

# Grouped-query attention with rotary positions and a cache of keys and values (Ainslie et al., 2023): `group` query heads
# share a key head.  A step takes the tokens `past`, `past` + 1, .. and sees those before them in the cache, which has room for
# `key`.  Needs kv_head, group, head_dim, past, key.
layer gqa(x: [.., seq, embed], base = 10_000, window = inf, cap = inf) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  state k, v: [.., key, kv_head, head_dim]
  q = rope(matmul(x, wq, over embed), base = base, start = past, over head_dim)
  turned = rope(matmul(x, wk, over embed), base = base, start = past, over head_dim)
  k = append(k, turned, at = past, seq -> key)
  v = append(v, matmul(x, wv, over embed), at = past, seq -> key)
  mixed = attend(q, k, v, start = past, window = window, cap = cap, over head_dim)
  return matmul(mixed, wo, over kv_head, group, head_dim)
}

# Multi-head latent attention (DeepSeek-AI, 2024): the cache has what keys and values are made of, `kv_rank` + `rot` numbers
# for each token.  Needs head, nope, rot, value, q_rank, kv_rank, past, key.
layer mla(x: [.., seq, embed], base = 10_000) -> [.., seq, embed] {
  dim qk = nope + rot
  weight q_down: [embed, q_rank]
  weight q_up: [q_rank, head, nope]
  weight q_up_rope: [q_rank, head, rot]
  weight kv_down: [embed, kv_rank]
  weight k_up: [kv_rank, head, nope]
  weight v_up: [kv_rank, head, value]
  weight k_rope: [embed, rot]
  weight wo: [head, value, embed]
  state latent: [.., key, kv_rank]
  state rotary: [.., key, rot]
  c = rms(matmul(x, q_down, over embed), over q_rank)
  q_rot = rope_interleaved(matmul(c, q_up_rope, over q_rank), base = base, start = past, over rot)
  k_rot = rope_interleaved(matmul(x, k_rope, over embed), base = base, start = past, over rot)
  latent = append(latent, rms(matmul(x, kv_down, over embed), over kv_rank), at = past, seq -> key)
  rotary = append(rotary, k_rot, at = past, seq -> key)
  q = concat(matmul(c, q_up, over q_rank), q_rot, nope + rot -> qk)
  k = concat(matmul(latent, k_up, over kv_rank), rotary, nope + rot -> qk)
  mixed = attend(q, k, matmul(latent, v_up, over kv_rank), start = past, over qk)
  return matmul(mixed, wo, over head, value)
}

# Mixture of experts (Shazeer et al., 2017): every token goes to the `pick` experts that rate it highest, each a swiglu of its
# own, and gets the sum of what they make of it, weighted.  A plan that splits the tokens around it and `expert` in it exchanges
# tokens, there and back; a shared expert is a swiglu beside it.  Every expert takes whoever comes: for a capacity declare
# `slot` and copy the layer.  Needs expert, pick, hidden.
layer moe(x: [.., embed], normalise = true) -> [.., embed] {
  weight gate, up: [expert, embed, hidden]
  weight down: [expert, hidden, embed]
  share, choice = router(x, normalise = normalise)
  sent = dispatch(x, choice, over expert, slot)
  y = silu(matmul(sent, gate, over embed)) * matmul(sent, up, over embed)
  back = combine(matmul(y, down, over hidden), choice, over expert, slot)
  return matmul(back, share, over pick)
}

# Which experts a token goes to, and with what weight; `normalise`: weights add up to 1.  Ranking needs every expert's rate, so
# plans say `in router { replicate expert }` where they split experts.  Needs expert, pick.
layer router(x: [.., embed], normalise = true) -> [.., pick], [.., pick] {
  weight choose: [embed, expert]
  rate = softmax(matmul(x, choose, over embed), over expert)
  best, choice = top_k(rate, expert -> pick)
  share = where(normalise, best / sum(best, over pick), best)
  return share, choice
}

# Queries of one sequence meet keys of another, `memory`: every query sees all of them.  Needs head, head_dim.
layer cross(x: [.., seq, embed], memory: [.., key, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  q = matmul(x, wq, over embed)
  k = matmul(memory, wk, over embed)
  v = matmul(memory, wv, over embed)
  mixed = attend(q, k, v, causal = false, over head_dim)
  return matmul(mixed, wo, over head, head_dim)
}

# A position embedding that is learned: row `start + index(seq)` of a table is added.  Needs place, the rows of the table.
layer learned(x: [.., seq, embed], start = 0) -> [.., seq, embed] {
  weight places: [place, embed]
  return x + take(places, place = index(seq) + start)
}

# How far off logits are, for each token: the logarithm of their softmax at its label, negative.  Where `vocab` is split, the
# largest logit, the sum and the logit of the label are what moves.
layer cross_entropy(logits: [.., vocab], labels: i32[..]) -> f32[..] {
  largest = f32(max(logits, over vocab))
  total = sum(exp(f32(logits) - largest), over vocab)
  return log(total) + largest - f32(take(logits, vocab = labels))
}
