# What is taken adds up over GPUs, and true and false do not.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  output y = f32(take(x > 0, seq = 3))              # error: HX0311
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
