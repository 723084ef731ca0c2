# Within a model a name is a dimension or a value.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  seq = gelu(x)                           # error: HX0206
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
