# Cause: A type names one dimension twice; dimensions are told apart by name alone.
# Mend: Rename one: `rename(x, seq -> key)`.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  weight w: [embed, embed]                # error: HX0310
  output y = matmul(x, w, over embed)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
