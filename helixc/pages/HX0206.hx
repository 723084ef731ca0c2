# Cause: Within a layer, model or file one name stands for a dimension and for a value.
# Mend: Rename one of them.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = gelu(x)
  output z = sum(x, over y)               # error: HX0206
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
