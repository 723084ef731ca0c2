# Cause: A cluster names a gpu or link that does not exist, or one of another kind.
# Mend: Mend the spelling, or `import std.hardware`; the message lists what there is.
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
cluster box {
  gpu nvlink4                             # error: HX0410
  level gpu = 8 via nvlink4
}
plan p for m on box { mesh tp = gpus; in mlp { shard hidden over tp } }
