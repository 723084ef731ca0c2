# The other Helix, NVIDIA's: one token after a million others. Llama 3 405B with 8 KV heads decodes on 16 GPUs.
# Look at `helix`: attention on 2 x 8 GPUs, split along keys (kvp) and heads (tpa); then the MLP on all 16 of them.
# Then at `tensor`: without a split of the keys two GPUs hold the same cache, and each reads all of it for a token.

import std.hardware
import std.layers

model llama3_405b {
  dtype bf16
  dim batch = 1, seq = 1, past = 1_048_575, key = past + seq, embed = 16_384, hidden = 53_248, vocab = 128_256
  dim kv_head = 8, group = 128 / kv_head, head_dim = 128
  input tokens: i32[batch, seq]
  weight table, head: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 126 {
    x = x + gqa(rms(x, eps = 1e-5, over embed), base = 500_000)
    x = x + swiglu(rms(x, eps = 1e-5, over embed))
  }
  output logits = matmul(rms(x, eps = 1e-5, over embed), head, over embed)
}

cluster rack {
  gpu b200
  level gpu = 16 via nvlink5
}

plan helix for llama3_405b on rack {
  mesh kvp = 2, tpa = 8
  shard vocab over kvp, tpa
  in gqa { shard kv_head over tpa; shard key, group over kvp }      # keys where there are keys; else query heads
  in swiglu { shard hidden over kvp, tpa }
}

plan tensor for llama3_405b on rack {
  mesh tp = 16
  shard vocab over tp
  in gqa { shard kv_head, group over tp }
  in swiglu { shard hidden over tp }
}
