# One layer of Llama 3 8B on one GPU: for times measured there beside the predicted ones, kernel by kernel.
#
#     helixc run benchmarks/one_layer.hx --device cuda --dtype bf16 -o out

import std.hardware
import std.layers

model layer_of_llama {
  dtype bf16
  dim batch = 1, seq = 1024, past = 0, key = past + seq, embed = 4096, hidden = 14_336
  dim kv_head = 8, group = 4, head_dim = 128
  input x: bf16[batch, seq, embed]
  x = x + gqa(rms(x, eps = 1e-5, over embed), base = 500_000)
  x = x + swiglu(rms(x, eps = 1e-5, over embed))
  output y = x
}

cluster workstation {
  gpu h100_sxm
  level gpu = 1 via nvlink4
}

plan alone for layer_of_llama on workstation { mesh gpu = 1 }
