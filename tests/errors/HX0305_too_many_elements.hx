# Sizes that are each legal make a value that is not.
import std.hardware
model m {
  dim batch = 2 ** 50, seq = 2 ** 20, embed = 2 ** 20
  input x: bf16[batch, embed]
  input y: bf16[batch, seq]
  output z = matmul(x, y, over batch)
  output w = outer(x, sum(y, over batch))  # error: HX0305
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
