# Cause: A `local` line meets no sum over a split dimension, so there is nothing to approximate.
# Mend: Name the value whose sum is split, and the axis that splits it.
import std.hardware
model m {
  dim batch = 8, embed = 64, hidden = 256
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  output y = matmul(x, w, over embed)
}
cluster box { gpu h100_sxm; level gpu = 4 via nvlink4 }
plan p for m on box {
  mesh t = 4, u = 1
  shard embed over u
  shard batch over t
  local y over u                          # warning: HX0525
}
