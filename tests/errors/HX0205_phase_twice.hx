# Two phases of one name, and two sizes for one dimension in a phase.
import std.hardware
model m {
  dim batch = 8, seq = 32
  input x: bf16[batch, seq]
  output x
  phase decode { dim seq = 1 }
  phase decode                          # error: HX0205
  phase verify { dim seq = 5, seq = 6 } # error: HX0205
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
