# A model without output computes nothing.
import std.hardware
model m {                                 # error: HX0217
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = gelu(x)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
