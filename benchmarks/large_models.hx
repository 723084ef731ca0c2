# Llama 3.1 405B and DeepSeek-V3 on 16 384 GPUs, prefill and decode: what benchmarks/large_models.py times.

import std.hardware
import std.layers

model dense {
  dtype bf16
  dim batch = 256, seq = 8192, past = 0, key = past + seq, embed = 16_384, hidden = 53_248, vocab = 128_256
  dim kv_head = 8, group = 128 / kv_head, head_dim = 128
  input tokens: i32[batch, seq]
  weight table, head: [vocab, embed]
  x = take(table, vocab = tokens)
  repeat 126 {
    x = x + gqa(rms(x, eps = 1e-5, over embed), base = 500_000)
    x = x + swiglu(rms(x, eps = 1e-5, over embed))
  }
  last = take(rms(x, eps = 1e-5, over embed), seq = seq - 1)
  output logits = matmul(last, head, over embed)
  phase prefill
  phase decode { dim batch = 4096, seq = 1, past = 8191 }
}

model sparse {
  dtype bf16
  dim batch = 4096, seq = 4096, past = 0, key = past + seq, embed = 7168, vocab = 129_280
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

cluster fleet {
  gpu h100_sxm
  level node = 2048 via ib_ndr400
  level gpu = 8 via nvlink4
}

plan dense_prefill for dense.prefill on fleet {
  mesh dp = 256, cp = 8, tp = 8
  shard batch over dp
  shard seq, key over cp via all_gather
  shard vocab over tp
  in gqa { shard kv_head over tp }
  in swiglu { shard hidden over tp }
}

plan dense_decode for dense.decode on fleet {
  mesh dp = 1024, kvp = 2, tpa = 8
  shard batch over dp
  shard vocab over kvp, tpa
  in gqa { shard kv_head over tpa; shard key over kvp }
  in swiglu { shard hidden over kvp, tpa }
}

plan sparse_prefill for sparse.prefill on fleet {
  mesh dp = 8, ep = 256, tp = 8
  shard batch over dp, ep
  shard vocab over tp
  in mla { shard head over tp }
  in swiglu { shard hidden over tp }
  in moe {
    shard expert over ep
    shard hidden over tp
    in router { replicate expert }
  }
}

plan sparse_decode for sparse.decode on fleet {
  mesh dp = 8, ep = 256, tp = 8
  shard batch over dp, ep
  shard vocab over tp
  in mla { shard head over tp }
  in swiglu { shard hidden over tp }
  in moe {
    shard expert over ep
    shard hidden over tp
    in router { replicate expert }
  }
}
