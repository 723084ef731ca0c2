# Cause: A weight is gathered in every step although no line asks for it: no other way exists. This is a warning.
# Mend: Split the weight as its reader is split, or replicate it where it is read; `helixc explain` tries both.
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
