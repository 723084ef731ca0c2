# Cause: A layer returns nothing, or a model puts nothing out.
# Mend: End a layer with `return`, a model with `output`.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = f(x)
}
layer f(x: [..]) { y = gelu(x) }          # error: HX0217
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
