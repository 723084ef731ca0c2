# options: model=n plan=p
# The model chosen is not the plan's.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, head = 4, head_dim = 16
  input x: bf16[batch, seq, embed]
  output x
}
model n { dim seq = 32; input x: bf16[seq]; output x }
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh tp = gpus; shard seq over tp }  # error: HX0214
