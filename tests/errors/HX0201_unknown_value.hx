# A value that was never bound.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = gelu(xx)                            # error: HX0201
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
