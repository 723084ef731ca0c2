# 8 KV heads on 16 GPUs and on 64: where a split of heads ends, six ways to go on, all proved.
# Look at what moves: `shared` copies KV heads and moves only results, `two_level` cuts heads and gathers what meets.
# `padded` gives half of the GPUs heads of zeros; in decode `keys` reads a cache once, which `copied` reads eight times.

import std.hardware
import std.layers

model few_heads {
  dtype bf16
  dim batch = 16, seq = 8192, past = 0, key = past + seq, embed = 8192, hidden = 28_672
  dim kv_head = 8, group = 8, head_dim = 128
  input x: [batch, seq, embed]
  repeat 4 {
    x = x + gqa(rms(x, over embed))
    x = x + swiglu(rms(x, over embed))
  }
  output x
  phase prefill
  phase decode { dim seq = 1, past = 131_071 }
}

cluster pair {
  gpu h100_sxm
  level node = 2 via ib_ndr400
  level gpu = 8 via nvlink4
}

cluster hall {
  gpu h100_sxm
  level node = 8 via ib_ndr400
  level gpu = 8 via nvlink4
}

plan shared for few_heads.prefill on pair {
  mesh tp = gpus
  in gqa { shard kv_head, group over tp; fuse attend }
  in swiglu { shard hidden over tp }
}

plan two_level for few_heads.prefill on pair {
  mesh n = 8, m = 2
  in gqa { shard kv_head over n; shard head_dim over m; fuse attend }
  in swiglu { shard hidden over n, m }
}

plan padded for few_heads.prefill on pair {
  mesh tp = gpus
  in gqa { shard kv_head over tp; pad kv_head; fuse attend }
  in swiglu { shard hidden over tp }
}

plan context for few_heads.prefill on pair {
  mesh cp = node, tp = gpu
  shard seq, key over cp
  in gqa { shard kv_head over tp; fuse attend }
  in swiglu { shard hidden over tp }
}

plan copied for few_heads.decode on hall {
  mesh tp = gpus
  in gqa { shard kv_head, group over tp }
  in swiglu { shard hidden over tp }
}

plan keys for few_heads.decode on hall {
  mesh tpa = node, kvp = gpu
  in gqa { shard kv_head over tpa; shard key, group over kvp }
  in swiglu { shard hidden over tpa, kvp }
}
