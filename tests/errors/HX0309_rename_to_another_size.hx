# 32 positions are not 48.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  dim key = 48
  output y = rename(x, seq -> key)  # error: HX0309
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
