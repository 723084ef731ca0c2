# A mean over the batch meets all slices, and what is left has no batch to put together.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  middle = mean(x, over batch)
  output y = x - middle, z = middle
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard embed over tp
  microbatches 4 over batch               # error: HX0529
}
