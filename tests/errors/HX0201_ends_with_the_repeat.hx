# What a repeat binds anew ends with it.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 {
    inside = gelu(x)
    x = x + inside
  }
  output y = inside                       # error: HX0201
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
