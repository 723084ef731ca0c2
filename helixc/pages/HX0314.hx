# Cause: An arrow or an `over` stands where the operator takes none.
# Mend: Take it away; the message says what the operator takes.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = gelu(x, over embed)          # error: HX0314
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
