# Cause: A line ends in an operator, `=` or a comma, so the next line continues it, and that makes no sense.
# Mend: Finish the line, or take its last character away.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16, hidden = 256
  input x: bf16[batch, seq, embed]
  repeat 2 { x = x + mlp(layer_norm(x, over embed)) }
  output y = x
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  inner =  # error: HX0104
  other = x
  return matmul(inner, w2, over hidden)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
