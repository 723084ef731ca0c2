# What is one operator already cannot be fused.
import std.hardware
model m {
  dim batch = 8, hidden = 256
  input x: bf16[batch, hidden]
  inner = tanh(x)
  output y = exp(inner)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse inner                              # warning: HX0531
}
