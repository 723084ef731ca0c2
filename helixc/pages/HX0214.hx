# options: plan=p model=other
# Cause: The plan chosen is for another model, or another phase of it, than the one chosen.
# Mend: Choose a plan of this model and phase, or add them to the plan's `for`.
import std.hardware
model m {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  output x
}
model other {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }          # error: HX0214
