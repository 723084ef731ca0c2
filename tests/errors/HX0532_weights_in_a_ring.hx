# Keys come one block after the other, so that `weights` is held nowhere, whatever lines say of it.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 16
  input x: bf16[batch, seq, embed]
  y = rename(x, seq -> key)
  scores = matmul(x, y, over embed)
  weights = softmax(scores, over key)
  output z = matmul(weights, y, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh dp = 2, cp = 4
  shard batch over dp
  shard seq, key over cp via ring
  in weights { replicate batch }          # warning: HX0532
}
