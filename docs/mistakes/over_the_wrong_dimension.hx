# A product over a dimension that one of the two lacks.
import std.hardware
import std.layers

model tiny {
  dim batch = 64, seq = 512, embed = 1024
  dim head = 16, head_dim = embed / head, hidden = 4 * embed
  input x: bf16[batch, seq, embed]
  repeat 2 {
    x = x + attention(rms(x, over embed))
    x = x + mlp(layer_norm(x, over embed))
  }
  output x
}
layer attention(x: [.., seq, embed]) -> [.., seq, embed] {
  weight wq, wk, wv: [embed, head, head_dim]
  weight wo: [head, head_dim, embed]
  y = rename(x, seq -> key)
  q = matmul(x, wq, over embed)
  k = matmul(y, wk, over embed)
  v = matmul(y, wv, over embed)
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  attended = matmul(softmax(scores, over key), v, over key)
  return matmul(attended, wo, over head, head_dim)
}
layer mlp(x: [.., embed]) -> [.., embed] {
  weight w1: [embed, hidden]
  weight w2: [hidden, embed]
  return matmul(gelu(matmul(x, w1, over embed)), w2, over embed)
}

gpu mine { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 400 TFLOP/s }
cluster box { gpu mine; level node = 2 via ib_ndr400; level gpu = 8 via nvlink4 }

plan split for tiny on box {
  mesh dp = 2, tp = 8
  shard batch over dp
  in attention { shard head over tp }
  in mlp { shard hidden over tp }
}
