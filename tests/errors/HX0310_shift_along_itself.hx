# Every element by a distance of its own is no shift.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]; input h: bf16[batch, embed]
  y = shift(x, by = index(seq), over seq)           # error: HX0310
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
