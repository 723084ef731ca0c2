# A dimension of a value has at least one place.
import std.hardware
model m {
  dim batch = 8, past = 0
  input x: bf16[batch, past]              # error: HX0305
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
