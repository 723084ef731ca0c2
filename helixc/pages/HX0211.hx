# Cause: A call has too many or too few values, or dimensions after `over`.
# Mend: Call it as its header is written.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = norm(x)                      # error: HX0211
}
layer norm(x: [.., d], over d) -> [.., d] { return rms_norm(x, over d) }
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
