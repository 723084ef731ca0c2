# Cause: A value given to a layer has other dimensions than the parameter.
# Mend: Give a value of that type, or write `..` in the parameter so that others go along.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output z = f(x)                         # error: HX0306
}
layer f(x: [seq, embed]) { return gelu(x) }
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
