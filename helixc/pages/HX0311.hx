# Cause: Operands have dtypes that do not go together, such as `bf16` and `f16`, or a condition is no truth.
# Mend: Convert one with `f32(x)`; write a comparison for a condition.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = where(x, x, 0)               # error: HX0311
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
