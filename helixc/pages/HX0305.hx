# Cause: A size is negative, too large, or empty where at least one is needed.
# Mend: Write a size that is a whole number from 1 up to 2^53.
import std.hardware
model m {
  dim batch = 8, embed = 2 ** 60          # error: HX0305
  input x: bf16[batch, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
