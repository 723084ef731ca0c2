# Cause: A statement binds more or fewer names than there are values.
# Mend: Bind one name to each value; `_` discards one.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256, left2 = 4
  input x: bf16[batch, seq, embed]
  a, b, c = split(x, embed -> left + left2)         # error: HX0219
  output a
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
