# A model has no parameters, so nothing comes in by `..`.
import std.hardware
model m {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  state old: [.., embed]                  # error: HX0313
  output y = x + old
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
