# Cause: The sizes on the two sides of an arrow differ, or nothing is left over for the new name.
# Mend: Choose factors whose product is the size on the other side.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = rename(x, seq -> hidden)     # error: HX0309
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
