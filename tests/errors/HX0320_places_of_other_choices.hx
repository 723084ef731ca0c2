# The places are those of the first choices.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice, other: i32[batch, seq, pick]
  y = dispatch(x, choice, over expert, slot)
  z = dispatch(x, other, over expert, slot)                # error: HX0320
  output w = combine(y, choice, over expert, slot)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
