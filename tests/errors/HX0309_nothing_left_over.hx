# The size left over must be whole.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, three = 3
  input x: bf16[batch, seq, embed]
  output y = rename(x, seq -> three * rest)         # error: HX0309
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
