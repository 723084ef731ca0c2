# Cause: Two statements stand on one line with nothing between them, or a block begins on the wrong line.
# Mend: Put a new line or `;` between them, and `{` on the line of its header.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) } z = x  # error: HX0112
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
