# The value has no such dimension.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, vocab = 96
  input x: bf16[batch, seq, embed]
  output y = take(x, vocab = 3)                     # error: HX0301
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
