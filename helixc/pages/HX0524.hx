# Cause: A dimension cannot be split evenly over a mesh axis, and no other dimension of the line takes it.
# Mend: Choose an axis size that divides it, or name another dimension after it in the line.
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
