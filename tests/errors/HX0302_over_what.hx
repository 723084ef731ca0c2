# A product without `over` is an error.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  weight w: [embed, head]
  output y = matmul(x, w)  # error: HX0302
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
