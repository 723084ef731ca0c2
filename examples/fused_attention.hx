# Grouped attention in one kernel: a query sees the keys up to its own place, and no score is ever in memory.
# Look at the memory of `unfused` and `heads`: their plans differ by one line, and one of them does not fit.
# Plan `context` splits queries and keys: keys and values are gathered for the kernel, queries stay where they are.

import std.hardware

model long_context {
  dim batch = 1, seq = 65_536, embed = 8192
  dim kv_head = 8, group = 8, head_dim = 128
  input x: bf16[batch, seq, embed]
  repeat 4 { x = x + gqa(rms_norm(x, over embed)) }
  output x
}

layer gqa(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  q = matmul(x, wq, over embed)
  k = rename(matmul(x, wk, over embed), seq -> key)
  v = rename(matmul(x, wv, over embed), seq -> key)
  attended = attend(q, k, v)
  return matmul(attended, wo, over kv_head, group, head_dim)
}

layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  causal = where(index(key) <= index(seq), scores, -1e30)
  return matmul(softmax(causal, over key), v, over key)
}

cluster box {
  gpu h100_sxm
  level gpu = 8 via nvlink4
}

plan unfused for long_context on box {
  mesh tp = gpus
  in gqa { shard kv_head over tp }
}

plan heads for long_context on box {
  mesh tp = gpus
  in gqa { shard kv_head over tp; fuse attend }
}

plan context for long_context on box {
  mesh cp = gpus
  shard seq, key over cp
  fuse attend
}
