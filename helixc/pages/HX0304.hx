# Cause: A size was divided by another, and that does not come out whole.
# Mend: Take one of the nearest sizes that the message names, or `ceil`, `floor`.
import std.hardware
model m {
  dim batch = 8, embed = 8190, head = 16
  dim head_dim = embed / head             # error: HX0304
  input x: bf16[batch, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
