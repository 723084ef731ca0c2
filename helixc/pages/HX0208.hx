# Cause: Layers call each other in a circle; they are inlined, so that would never end.
# Mend: Use `repeat`, or take one of the calls away.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = one(x)
}
layer one(x: [..]) { return two(x) }
layer two(x: [..]) { return one(x) }      # error: HX0208
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
