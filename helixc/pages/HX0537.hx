# Cause: A `pad` line fills a dimension up to the next multiple, and that many more elements are computed. This is a warning.
# Mend: Nothing is wrong; a mesh axis whose size divides the dimension does without the extra work.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 250
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) }
  output y = x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  inner = gelu(matmul(x, w1, over embed))
  return matmul(inner, w2, over hidden)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  in mlp { shard hidden over tp; pad hidden } # warning: HX0537
}
