# Cause: A word that begins a declaration here was used as the name of a value.
# Mend: Give the value another name; such words are free inside expressions.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) }
  input = 3  # error: HX0107
  output y = x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  inner = gelu(matmul(x, w1, over embed))
  return matmul(inner, w2, over hidden)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
