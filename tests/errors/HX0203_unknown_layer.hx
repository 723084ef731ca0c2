# A layer that no file declares.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  output y = mpl(x)  # error: HX0203
}
layer mlp(x: [.., embed]) -> [.., embed] { return x * 2 }
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
