# The index runs along what is taken.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  output y = take(x, seq = index(seq) + 1)          # error: HX0310
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
