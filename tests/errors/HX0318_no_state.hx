# Only a state of the body that appends can be written into.
import std.hardware
model m {
  dim batch = 8, seq = 1, past = 31, key = past + seq
  input x: bf16[batch, seq]
  input y: bf16[batch, key]
  state cache: bf16[batch, key]
  z = append(y, x, at = past, seq -> key)                   # error: HX0318
  repeat 2 {
    cache = append(cache, x, at = past, seq -> key)         # error: HX0318
  }
  output z
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
