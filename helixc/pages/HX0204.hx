# Cause: A part of the language that is announced is not built yet.
# Mend: Leave it out; the list of what is not done is in the README.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output x
  phase train { minimize x }              # error: HX0204
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
