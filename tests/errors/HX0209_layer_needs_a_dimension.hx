# The caller has no `wide`; the finding stands at the call.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  output y = f(x)  # error: HX0209
}
layer f(x: [.., embed]) -> [.., embed] {
  weight w: [embed, wide]
  weight v: [wide, embed]
  return matmul(matmul(x, w, over embed), v, over wide)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
