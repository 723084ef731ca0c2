# A decay that is a value has one for every step.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]; input h: bf16[batch, embed]
  y, last = scan(h, x, from = h, over seq)          # error: HX0301
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
