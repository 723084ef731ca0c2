# Queries of one slice of a sequence meet the keys of all others.
import std.hardware
model m {
  dim batch = 8, seq = 32, head = 8, head_dim = 16
  input x: bf16[batch, seq, head, head_dim]
  output y = attend(x)
}
layer attend(x: [.., seq, head_dim]) -> [.., seq, head_dim] {
  key_value = rename(x, seq -> key)
  scores = matmul(x, key_value, over head_dim)
  return matmul(softmax(scores, over key), key_value, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  in attend { shard head over tp }
  microbatches 4 over seq                 # error: HX0529
}
