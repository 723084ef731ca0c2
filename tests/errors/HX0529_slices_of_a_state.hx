# Every slice would change a state that all slices share.
import std.hardware
model m {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  state old: [embed]
  state own: [batch, embed]
  y = x + old
  own = own + y
  output y
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh t = 8
  shard embed over t
  microbatches 2 over batch               # error: HX0529
}
