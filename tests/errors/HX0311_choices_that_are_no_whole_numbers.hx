# Choices are places among the experts.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, expert = 16, pick = 2
  input x: bf16[batch, seq, embed]
  input choice, other: i32[batch, seq, pick]
  output y = dispatch(x, f32(choice), over expert, slot)   # error: HX0311
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
