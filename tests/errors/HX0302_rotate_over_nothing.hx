# Which dimension tells the two elements of a pair is to be said.
import std.hardware
model m {
  dim batch = 8, seq = 32, half = 2, pair = 16
  input x: bf16[batch, seq, half, pair]
  output y = rotate(x, index(seq))                # error: HX0302
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
