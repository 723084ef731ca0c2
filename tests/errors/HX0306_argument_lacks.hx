# An argument without a dimension that the layer needs.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  y = sum(x, over embed)
  output z = mlp(y)                       # error: HX0306
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over hidden)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
