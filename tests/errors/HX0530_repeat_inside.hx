# A kernel holds no repeat.
import std.hardware
model m {
  dim batch = 8, seq = 32
  input x: bf16[batch, seq]
  output y = settle(x)
}
layer settle(x: [.., seq]) -> [.., seq] {
  repeat 3 { x = tanh(x * 2) }
  return x + 1
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse settle                             # error: HX0530
}
