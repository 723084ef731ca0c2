# DeepSeek-V3: latent attention, 256 routed experts of which a token takes 8, a shared one, three dense layers first.
# Look at `wide_ep`: attention is data parallel, and two all-to-all a layer take tokens to their experts and back.
# Then at `expert_tensor`: nodes share experts, the GPUs of a node share heads and experts' hidden dimension.

import std.hardware
import std.layers

model deepseek_v3 {
  dtype bf16
  dim batch = 128, seq = 4096, past = 0, key = past + seq, embed = 7168, vocab = 129_280
  dim head = 128, nope = 128, rot = 64, value = 128, q_rank = 1536, kv_rank = 512
  dim expert = 256, pick = 8, hidden = 2048, dense_hidden = 18_432
  input tokens: i32[batch, seq]
  weight table, lm_head: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 3 {
    x = x + mla(rms(x, over embed))
    x = x + swiglu(rms(x, over embed), hidden = dense_hidden)
  }
  repeat 58 {
    x = x + mla(rms(x, over embed))
    y = rms(x, over embed)
    x = x + moe(y) + swiglu(y)
  }
  last = take(rms(x, over embed), seq = seq - 1)
  output logits = matmul(last, lm_head, over embed)
  phase prefill
  phase decode { dim seq = 1, past = 4095 }
}

cluster two_nodes {
  gpu h200
  level node = 2 via ib_ndr400
  level gpu = 8 via nvlink4
}

plan wide_ep for deepseek_v3.decode on two_nodes {
  mesh outer = node, inner = gpu
  shard batch over outer, inner                            # attention is data parallel
  in moe {
    shard batch, expert over outer, inner
    in router { replicate expert }                         # values without batch: by expert
  }
}

plan expert_tensor for deepseek_v3.decode on two_nodes {
  mesh ep = node, tp = gpu
  shard batch over ep
  shard vocab over tp
  in mla { shard head over tp }
  in swiglu { shard hidden over tp }
  in moe {
    shard batch, expert over ep
    shard hidden over tp
    in router { replicate expert }
  }
}
