# Joining needs `part` whole, so the stored slices are gathered though nobody asked.
import std.hardware
model m {
  dim batch = 8, part = 16, rest = 16
  input x: bf16[batch, part]
  weight w: [part]
  both = concat(w, w, part + part -> pair)
  output y = sum(both, over pair), z = x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {                     # warning: HX0601
  mesh tp = gpus
  in w { shard part over tp }
}
