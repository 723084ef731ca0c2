# Cause: Of two operands of an elementwise operator neither has all dimensions of the other.
# Mend: Rename a dimension so that they meet, or say `outer(a, b)` to spread both.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = rename(x, seq -> key)
  output z = x + y                        # error: HX0303
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
