# Cause: A call gives an option or a dimension that the callee does not have.
# Mend: Mend the spelling, or take it away; the message lists what there is.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = softmax(x, eps = 1e-6, over embed)       # error: HX0210
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
