# Cause: A `local` line makes another model of the one written. This is a warning, on purpose.
# Mend: Nothing, if that is meant; `helixc verify` measures the error. Without the line the program is exact.
import std.hardware
model m {
  dim batch = 8, seq = 32, head_dim = 64
  input x: bf16[batch, seq, head_dim]
  output y = attend(x, rename(x, seq -> key))
}
layer attend(q: [.., seq, head_dim], k: [.., key, head_dim]) -> [.., seq, head_dim] {
  scores = matmul(q, k, over head_dim)
  return matmul(softmax(scores, over key), k, over key)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard head_dim over tp
  in attend { local scores over tp }      # warning: HX0527
}
