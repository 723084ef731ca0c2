# Cause: An operator works over a dimension, or renames one, that its operand does not have.
# Mend: Name a dimension that the operand has; the message lists them.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = rename(x, hidden -> key)     # error: HX0301
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
