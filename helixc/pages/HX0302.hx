# Cause: A `matmul` does not say over which dimension it sums.
# Mend: Write `over` and the dimension; `outer(a, b)` multiplies without a sum.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  weight w: [embed, hidden]
  output y = matmul(x, w)                 # error: HX0302
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
