# 2 x 16 and 16 x 2 nest; 4 x 6 and 6 x 4 do not.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 24, four = 4, six = 6
  input x: bf16[batch, seq, embed]
  y = rename(x, embed -> four * p)
  z = rename(x, embed -> six * q)         # error: HX0312
  output y, z
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
