# 262 144 tokens over two nodes: keys gathered, keys round a ring, tokens exchanged for heads, and two of them at once.
# Look at what is exposed: a ring hides its seven exchanges behind the attention of each turn, a gather none.
# `ulysses` wins all the same: under a causal mask a share of the heads costs half of what the last tokens cost.

import std.hardware
import std.layers

model long_context {
  dtype bf16
  dim batch = 1, seq = 262_144, embed = 4096, hidden = 14_336
  dim kv_head = 8, group = 4, head_dim = 128
  input x: [batch, seq, embed]
  repeat 4 {
    x = x + grouped(rms(x, over embed))
    x = x + swiglu(rms(x, over embed))
  }
  output x
}

layer grouped(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq: [embed, kv_head, group, head_dim]
  weight wk, wv: [embed, kv_head, head_dim]
  weight wo: [kv_head, group, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  mixed = attend(q, matmul(y, wk, over embed), matmul(y, wv, over embed), over head_dim)
  return matmul(mixed, wo, over kv_head, group, head_dim)
}

cluster hall {
  gpu h100_sxm
  level node = 2 via ib_ndr400
  level gpu = 4 via nvlink4
}

plan gathered for long_context on hall {
  mesh cp = gpus
  shard seq, key over cp via all_gather
  fuse attend
}

plan passed for long_context on hall {
  mesh cp = gpus
  shard seq, key over cp via ring
  fuse attend
}

plan ulysses for long_context on hall {
  mesh sp = gpus
  shard seq, key over sp
  in attend { shard kv_head over sp }
  fuse attend
}

plan both for long_context on hall {
  mesh cp = node, sp = gpu
  shard seq, key over cp via ring
  shard seq, key over sp
  in attend { shard kv_head over sp }
  fuse attend
}
