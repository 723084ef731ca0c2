# 4 x 6 and 6 x 4 have no common pieces.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  dim a = 4, b = 6, c = 6, d = 4, wide = 24
  weight w: [wide]
  z = rename(w, wide -> a * b)
  output y = rename(z, a * b -> c * d)  # error: HX0312
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
