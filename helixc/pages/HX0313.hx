# Cause: A weight would have a dimension that the caller brings with `..`.
# Mend: List the dimensions of a weight; use a parameter's own dimensions only.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = f(x)
}
layer f(x: [.., embed]) -> [.., embed] {
  weight w: [.., embed]                   # error: HX0313
  return x * w
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
