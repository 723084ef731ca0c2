# Mixtral 8x7B: grouped attention, and 8 experts of which a token takes 2; slots are ragged, so no token is dropped.
# Look at `experts`: tokens go to the GPU of their expert and back in two all-to-all per layer.
# Then at `tensor`: every expert is split along its hidden dimension instead, and one all-reduce takes their place.

import std.hardware
import std.layers

model mixtral_8x7b {
  dtype bf16
  dim batch = 16, seq = 4096, past = 0, key = past + seq, embed = 4096, hidden = 14_336, vocab = 32_000
  dim kv_head = 8, group = 4, head_dim = 128, expert = 8, pick = 2
  input tokens: i32[batch, seq]
  weight table, head: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 32 {
    x = x + gqa(rms(x, eps = 1e-5, over embed), base = 1e6)
    x = x + moe(rms(x, eps = 1e-5, over embed))
  }
  last = take(rms(x, eps = 1e-5, over embed), seq = seq - 1)
  output logits = matmul(last, head, over embed)
  phase prefill
  phase decode { dim seq = 1, past = 4095 }
}

cluster dgx_h100 {
  gpu h100_sxm
  level gpu = 8 via nvlink4
}

plan experts for mixtral_8x7b.prefill on dgx_h100 {
  mesh ep = gpus
  shard batch over ep
  in moe { shard batch, expert over ep; in router { replicate expert } }
}

plan tensor for mixtral_8x7b.decode on dgx_h100 {
  mesh tp = gpus
  shard vocab over tp
  in gqa { shard kv_head over tp }
  in moe { shard hidden over tp }
}
