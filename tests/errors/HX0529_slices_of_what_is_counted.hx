# A position counts from the start of the whole, which no slice knows.
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
