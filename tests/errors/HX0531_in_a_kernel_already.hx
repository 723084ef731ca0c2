# The second line names a part of the kernel that the first one makes.
import std.hardware
model m {
  dim batch = 8, hidden = 256
  input x: bf16[batch, hidden]
  first = gelu(x)
  second = tanh(first)
  output y = exp(second)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse first, y
  fuse first, second                      # warning: HX0531
}
