# What is appended lies within the state.
import std.hardware
model m {
  dim batch = 8, seq = 4, key = 32
  input x: bf16[batch, seq]
  state cache: bf16[batch, key]
  cache = append(cache, x, at = key - 3, seq -> key)        # error: HX0317
  output y = sum(cache, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
