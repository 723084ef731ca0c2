# True and false cannot be turned.
import std.hardware
model m {
  dim batch = 8, seq = 32, half = 2, pair = 16
  input x: bool[batch, seq, half, pair]
  output y = rotate(x, index(seq), over half)     # error: HX0311
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
