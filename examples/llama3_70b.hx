# Llama 3 70B from tokens to logits, prefill and decode: grouped attention, rotary positions, a cache.
# Look at `kv_parallel`: the softmax runs over keys that are split, and the MLP uses the same GPUs again.
# Then at `more_gpus_than_heads`: 8 KV heads on 16 GPUs, groups of query heads split further; nothing moves for it.

import std.hardware
import std.layers

model llama3_70b {
  dtype bf16
  dim batch = 16, seq = 8192, past = 0, key = past + seq, embed = 8192, hidden = 28_672, vocab = 128_256
  dim kv_head = 8, group = 64 / kv_head, head_dim = 128
  input tokens: i32[batch, seq]
  weight table, head: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 80 {
    x = x + gqa(rms(x, eps = 1e-5, over embed), base = 500_000)
    x = x + swiglu(rms(x, eps = 1e-5, over embed))
  }
  last = take(rms(x, eps = 1e-5, over embed), seq = seq - 1)
  output logits = matmul(last, head, over embed)
  phase prefill
  phase decode { dim seq = 1, past = 8191 }
  phase verify { dim seq = 5, past = 8187 }                # five drafted tokens at once
}

cluster pair {
  gpu h100_sxm
  level node = 2 via ib_ndr400
  level gpu = 8 via nvlink4
}

plan serve for llama3_70b.prefill on pair {
  mesh dp = node, tp = gpu
  shard batch over dp
  shard vocab, seq over tp                                 # where there is vocab: vocab; elsewhere seq
  in gqa { shard kv_head over tp; fuse attend }
  in swiglu { shard hidden over tp }
}

plan kv_parallel for llama3_70b.decode on pair {
  mesh kvp = 2, tpa = 8
  in gqa { shard kv_head over tpa; shard key over kvp }    # a softmax over a split dimension
  in swiglu { shard hidden over kvp, tpa }                 # the same GPUs again
}

plan more_gpus_than_heads for llama3_70b.decode on pair {
  mesh a = 8, b = 2
  in gqa { shard kv_head over a; shard group over b }
  in swiglu { shard hidden over a, b }
}
