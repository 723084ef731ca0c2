# Cause: A number picks an element that the dimension does not have (the first one is 0), or a shift is by no whole number.
# Mend: Pick from 0 to the size less one; the last is `take(x, seq = seq - 1)`.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq, embed]
  output y = take(x, seq = seq)           # error: HX0317
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
