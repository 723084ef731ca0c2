# Short sequences do not pay for a ring: the note says what it would take.
import std.hardware
model m {
  dim batch = 8, seq = 32, head = 4, head_dim = 16
  input q: bf16[batch, seq, head, head_dim]
  input k, v: bf16[batch, seq, head, head_dim]
  output y = attend(q, rename(k, seq -> key), rename(v, seq -> key))
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim], v: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim) / sqrt(head_dim)
  masked = where(index(key) <= index(seq), scores, -1e30)
  return matmul(softmax(masked, over key), v, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh cp = gpus
  shard seq, key over cp                  # note: HX0605
}
