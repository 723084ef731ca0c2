# Cause: A gpu, link or cluster has no field of this name.
# Mend: Mend the spelling; the message lists the fields.
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
  inner = gelu(matmul(x, w1, over embed))
  return matmul(inner, w2, over hidden)
}
gpu chip {
  memory = 80 GB
  bandwith = 2 TB/s                       # error: HX0412
  bandwidth = 2 TB/s
  bf16 = 300 TFLOP/s
}
cluster box { gpu chip; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
