# One kernel has one result, but `inner` is an output as well.
import std.hardware
model m {
  dim batch = 8, hidden = 256
  input x: bf16[batch, hidden]
  y, z = both(x)
  output y, z
}
layer both(x: [.., hidden]) -> [.., hidden], [.., hidden] {
  inner = gelu(x)
  return inner, tanh(inner) + 1
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse both                               # error: HX0530
}
