# Empty places would count as zeros.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice, other: i32[batch, seq, pick]
  y = dispatch(x, choice, over expert, slot)
  output z = softmax(y, over slot)                         # error: HX0321
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
