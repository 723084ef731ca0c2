# A phase changes sizes that the model has; it makes none.
import std.hardware
dim heads = 4
model m {
  dim batch = 8, seq = 32
  input x: bf16[batch, seq]
  output x
  phase decode {
    dim sek = 1                         # error: HX0202
    dim heads = 2                       # error: HX0202
  }
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
