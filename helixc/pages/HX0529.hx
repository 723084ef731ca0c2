# Cause: The step cannot run in slices of this dimension, because some operator needs all of it.
# Mend: Slice along a dimension that every operator leaves alone, such as the batch.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  output y = where(index(batch) < 4, x, 0)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard embed over tp
  microbatches 4 over batch               # error: HX0529
}
