# A shift runs along one dimension.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]; input h: bf16[batch, embed]
  y = shift(x, by = 1, over seq, embed)             # error: HX0302
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
