# Cause: A statement stands where it can have no effect, behind `return` for example.
# Mend: Move it up, or take it away.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = f(x)
}
layer f(x: [..]) {
  return gelu(x)
  y = exp(x)                              # error: HX0216
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
