# options: set=sek=16
# Cause: `--set` names a dimension that the program does not declare.
# Mend: Mend the spelling; only dimensions declared with `dim` can be set.
import std.hardware
model m {                                 # error: HX0215
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
