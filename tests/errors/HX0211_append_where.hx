# `append` says where the new entries go; the place is known when compiling.
import std.hardware
model m {
  dim batch = 8, seq = 4, key = 32
  input x: bf16[batch, seq]
  input place: i32[]
  state cache, other: bf16[batch, key]
  cache = append(cache, x, seq -> key)                      # error: HX0211
  other = append(other, x, at = place, seq -> key)          # error: HX0405
  output z = sum(x, over seq)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
