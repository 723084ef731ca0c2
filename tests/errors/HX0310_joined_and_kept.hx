# What is joined end to end goes away, so another value cannot keep it.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64
  input x: bf16[batch, seq]
  input bias: bf16[batch, seq, embed]
  output y = concat(bias, x, embed + seq -> both)    # error: HX0310
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
