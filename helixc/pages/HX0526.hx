# Cause: The slices of a `local` value are never summed, so that they would reach an output.
# Mend: Name a value whose slices a later sum joins.
import std.hardware
model m {
  dim batch = 8, embed = 64, hidden = 256
  input x: bf16[batch, embed]
  weight w: [embed, hidden]
  short = x * 2
  long = matmul(short, w, over embed)
  output long
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard embed over tp
  local long over tp                      # error: HX0526
}
