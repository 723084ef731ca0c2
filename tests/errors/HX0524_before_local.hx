# What cannot be split is said, and not that there is therefore nothing to approximate.
import std.hardware
model m {
  dim batch = 8, embed = 64, hidden = 256
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  output y = softmax(matmul(x, w, over embed), over hidden)
}
cluster box { gpu h100_sxm; level gpu = 3 via nvlink4 }
plan p for m on box {
  mesh t = 3
  shard embed over t                      # error: HX0524
  local y over t
}
