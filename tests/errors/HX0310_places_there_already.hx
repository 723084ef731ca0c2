# What is sent to the places of the experts cannot have them already.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2, slot = 6
  input x: bf16[batch, seq, embed]
  input choice: i32[batch, seq, pick]
  weight scale: [slot]
  output y = dispatch(outer(x, scale), choice, over expert, slot)   # error: HX0310
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
