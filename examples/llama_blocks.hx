# The blocks of Llama 2 and 3, sizes of Llama 3 70B: grouped-query attention and SwiGLU, without rotary angles.
# Look at the report's parameters: exactly the published 70 553 706 496; `--set` makes it any other of the family.
# Then compare `tp8` with `tp8_sp`: K and V are split along `kv_head`, so that their groups of query heads stay whole.

import std.hardware

model llama {
  dtype bf16
  dim batch = 8, seq = 4096, embed = 8192, hidden = 28_672, vocab = 128_256
  dim kv_head = 8, group = 8, head_dim = 128, depth = 80
  input x: [batch, seq, embed]
  weight table, head: [vocab, embed]                       # `table` is read outside, where tokens are looked up
  repeat depth {
    x = x + gqa(rms(x, over embed))
    x = x + swiglu(rms(x, over embed))
  }
  output logits = matmul(rms(x, over embed), head, over embed)
}

layer rms(x: [.., d], over d) -> [.., d] {
  weight gain: [d]
  return rms_norm(x, over d) * gain
}

layer gqa(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  attended = attend(q, k, v)
  return matmul(attended, wo, over kv_head, group, head_dim)
}

layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  past = where(index(key) <= index(seq), scores, -30_000)  # no query sees a later key
  return matmul(softmax(past, over key), v, over key)
}

layer swiglu(x: [.., embed]) -> [.., embed] {
  weight gate, up: [embed, hidden]
  weight down: [hidden, embed]
  return matmul(silu(matmul(x, gate, over embed)) * matmul(x, up, over embed), down, over hidden)
}

cluster dgx_h100 {
  gpu h100_sxm
  level gpu = 8 via nvlink4
}

plan tp8 for llama on dgx_h100 {
  mesh tp = gpu
  shard vocab over tp
  in gqa { shard kv_head over tp }
  in swiglu { shard hidden over tp }
}

plan tp8_sp for llama on dgx_h100 {
  mesh tp = gpu
  shard vocab, seq over tp                                 # where there is vocab: vocab; elsewhere seq
  in gqa { shard kv_head over tp }
  in swiglu { shard hidden over tp }
}
