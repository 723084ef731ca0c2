# The elements of 32 are 0 to 31.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  output y = take(x, seq = seq)                     # error: HX0317
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
