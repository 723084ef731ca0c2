# Cause: A layer or model of this name comes from two imports.
# Mend: Declare it in this file, or import only one of the two.
import clash.one
import clash.two
import std.hardware
model m {
  dim seq = 32
  input x: bf16[seq]
  output y = double(x)  # error: HX0207
}
cluster own { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on own { mesh tp = gpus; shard seq over tp }
