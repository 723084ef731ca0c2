# Cause: `combine` brings back what a `dispatch` sent, by the same choices, experts and places; there is no such one here.
# Mend: Give both the same `choice`, `expert` and `slot`.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice, other: i32[batch, seq, pick]
  sent = dispatch(x, choice, over expert, slot)
  output y = combine(sent, other, over expert, slot)     # error: HX0320
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
