# Beside what is appended along, the state and the new entries have the same dimensions, and one dtype.
import std.hardware
model m {
  dim batch = 8, seq = 4, key = 32, embed = 16
  input x: bf16[batch, seq, embed]
  input y: f32[batch, seq]
  state cache, other: bf16[batch, key]
  cache = append(cache, x, at = 0, seq -> key)              # error: HX0306
  other = append(other, y, at = 0, seq -> key)              # error: HX0311
  output z = sum(x, over embed)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
