# One layer of GPT-3 175B as it was measured on 4 x A100, operator by operator: tensor parallel, fp16, attention
# unfused, without biases, scale, mask and residual. Look at `prefill` (2048 tokens) beside `decode` (one token, the
# cache of 3072 keys an input): a test compares what each operator takes with the measurements.

import std.hardware

model prefill {
  dtype f16
  dim batch = 8, seq = 2048, embed = 12_288, head = 96, head_dim = embed / head, hidden = 4 * embed
  input x: [batch, seq, embed]
  q, k, v = project(layer_norm(x, over embed))
  x = attend(q, rename(k, seq -> key), rename(v, seq -> key))
  output y = mlp(layer_norm(x, over embed))
}

model decode {
  dtype f16
  dim batch = 8, seq = 1, key = 3072, embed = 12_288, head = 96, head_dim = embed / head, hidden = 4 * embed
  input x: [batch, seq, embed]
  input keys, values: [batch, key, head, head_dim]
  q, k, v = project(layer_norm(x, over embed))
  x = attend(q, keys, values)
  output y = mlp(layer_norm(x, over embed)), k, v
}

layer project(x: [.., seq, embed]) -> [.., seq, head, head_dim], [.., seq, head, head_dim], [.., seq, head, head_dim] {
  weight wq, wk, wv: [embed, head, head_dim]
  return matmul(x, wq, over embed), matmul(x, wk, over embed), matmul(x, wv, over embed)
}

layer attend(q: [.., seq, head, head_dim], k: [.., key, head, head_dim], v: [.., key, head, head_dim]) -> [.., seq, embed] {
  weight wo: [head, head_dim, embed]
  scores = matmul(q, k, over head_dim)
  mixed = matmul(softmax(scores, over key), v, over key)
  return matmul(mixed, wo, over head, head_dim)
}

layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}

cluster four { gpu a100_80g; level gpu = 4 via nvlink3 }

plan tp for prefill, decode {
  mesh tp = gpus
  shard head, hidden over tp
}
