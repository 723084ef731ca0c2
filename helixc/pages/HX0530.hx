# Cause: A `fuse` line names operators that cannot be one kernel.
# Mend: Name operators that follow each other and that no other kernel has.
import std.hardware
model m {
  dim batch = 8, hidden = 256
  input x: bf16[batch, hidden]
  outer = gelu(x)
  inner = tanh(outer)
  output y = exp(inner)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse outer, inner
  fuse inner, y                           # error: HX0530
}
