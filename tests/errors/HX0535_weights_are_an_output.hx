# The weights are an output too, so all of them are needed at once.
import std.hardware
model m {
  dim batch = 8, seq = 32, head = 4, head_dim = 16
  input q: bf16[batch, seq, head, head_dim]
  input k, v: bf16[batch, seq, head, head_dim]
  y, probs = attend(q, rename(k, seq -> key), rename(v, seq -> key))
  output y, probs
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim], [.., seq, key] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  masked = where(index(key) <= index(seq), scores, -1e30)
  probs = softmax(masked, over key)
  return matmul(probs, v, over key), probs
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh cp = gpus
  shard seq, key over cp via ring         # error: HX0535
}
