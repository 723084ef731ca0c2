# Lines run along seq on the way there, so they do on the way back.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice, other: i32[batch, seq, pick]
  dim slot = 4
  y = dispatch(x, choice, seq -> slot, over expert)
  output w = combine(y, choice, slot -> batch, over expert)   # error: HX0320
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
