# A shift by numbers that are not whole.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]; input h: bf16[batch, embed]
  y = shift(x, by = h, over seq)                    # error: HX0311
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
