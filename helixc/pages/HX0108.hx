# Cause: A statement stands in a block where it means nothing, such as `return` in a model.
# Mend: Move it to the block that the message names.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  return x  # error: HX0108
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }
