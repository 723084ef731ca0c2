# Cause: A cluster has more than 2^20 GPUs.
# Mend: Check the sizes of its levels: they multiply.
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
cluster box {                             # error: HX0011
  gpu h100_sxm
  level node = 1024 * 1024 via ib_ndr400
  level gpu = 8 via nvlink4
}
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
