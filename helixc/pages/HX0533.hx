# Cause: `store weights` keeps each weight in equal slices of one dimension, and no dimension of this one divides.
# Mend: Take the weight out with `in WEIGHT { replicate all }`, or store over an axis of another size.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) }
  output y = x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  dim few = 3
  weight bias: [few]
  weight w2: [hidden, embed]
  inner = gelu(matmul(x, w1, over embed))
  return matmul(inner, w2, over hidden) + max(bias, over few)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh dp = gpus
  shard batch over dp
  store weights over dp                   # error: HX0533
}
