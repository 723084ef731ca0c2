# Cause: A plan, a model or a phase of this name does not exist.
# Mend: Mend the spelling; the message lists those that there are.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for mm on box { mesh t = 8; shard batch over t }         # error: HX0213
