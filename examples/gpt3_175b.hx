# GPT-3 175B from hidden states on: 96 blocks, tensor parallel over the 8 GPUs of one DGX A100.
# Look at plan `tp8`: one all-reduce after attention and one after the MLP, found from two lines.
# In `tp8_sp` the sequence is split between them: each all-reduce becomes a reduce-scatter and an all-gather.

import std.hardware

model gpt3 {
  dim batch = 8, seq = 2048, embed = 12_288
  dim head = 96, head_dim = embed / head, hidden = 4 * embed
  dtype bf16
  input x: [batch, seq, embed]
  repeat 96 {
    x = x + mha(ln(x, over embed))
    x = x + mlp(ln(x, over embed))
  }
  output hidden_states = ln(x, over embed)
}

layer ln(x: [.., d], over d) -> [.., d] {
  weight gain, bias: [d]
  return layer_norm(x, over d) * gain + bias
}

layer mha(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight bq, bk, bv: [head, head_dim]
  weight wo: [head, head_dim, embed]
  weight bo: [embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed) + bq
  k = matmul(y, wk, over embed) + bk
  v = matmul(y, wv, over embed) + bv
  attended = attend(q, k, v)
  return matmul(attended, wo, over head, head_dim) + bo
}

layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  past = where(index(key) <= index(seq), scores, -30_000)  # no query sees a later key
  return matmul(softmax(past, over key), v, over key)
}

layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight b1: [hidden]
  weight w2: [hidden, embed]
  weight b2: [embed]
  return matmul(gelu(matmul(x, w1, over embed) + b1), w2, over hidden) + b2
}

cluster dgx_a100 {
  gpu a100_80g
  level gpu = 8 via nvlink3
}

plan tp8 for gpt3 on dgx_a100 {
  mesh tp = gpu
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}

plan tp8_sp for gpt3 on dgx_a100 {
  mesh tp = gpu
  shard seq over tp
  in mha { shard head over tp }
  in mlp { shard hidden over tp }
}
