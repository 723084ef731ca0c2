# Cause: Only those places are full that a token was sent to; which these are `dispatch` and `combine` know.
# Mend: Bring the tokens back with `combine` first, or declare `dim slot = ...`, a fixed number of places at every expert.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice: i32[batch, seq, pick]
  sent = dispatch(x, choice, over expert, slot)
  output y = sum(sent, over slot)                        # error: HX0321
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
