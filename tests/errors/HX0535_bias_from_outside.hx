# A bias of queries and keys from outside cannot go round with the keys.
import std.hardware
model m {
  dim batch = 8, seq = 32, key = seq, head = 4, head_dim = 16
  input q: bf16[batch, seq, head, head_dim]
  input bias: bf16[seq, key]
  input k, v: bf16[batch, seq, head, head_dim]
  output y = attend(q, rename(k, seq -> key), rename(v, seq -> key), bias)
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim], bias: [seq, key]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim) + bias
  masked = where(index(key) <= index(seq), scores, -1e30)
  return matmul(softmax(masked, over key), v, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh cp = gpus
  shard seq, key over cp via ring         # error: HX0535
}
