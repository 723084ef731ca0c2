# Cause: A type, an `over` or an arrow names a dimension that nobody declares.
# Mend: Declare it with `dim NAME = SIZE`, or mend the spelling.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  weight w: [embed, hiden]                # error: HX0202
  output y = matmul(x, w, over embed)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
