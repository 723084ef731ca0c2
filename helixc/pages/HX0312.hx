# Cause: Two splits of one dimension into factors do not nest, so no common refinement divides both.
# Mend: Use factors of which one is a multiple of the other.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 24, four = 4, six = 6
  input x: bf16[batch, seq, embed]
  y = rename(x, embed -> four * p)
  z = rename(x, embed -> six * q)         # error: HX0312
  output y, z
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
