# Cause: A layer uses a dimension that neither it nor anybody who calls it declares.
# Mend: Declare it in the model, or say it in the call: `mlp(x, inner = 1024)`.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = mlp(x)                       # error: HX0209
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, inner]
  weight w2: [inner, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over inner)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
