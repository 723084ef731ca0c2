# Cause: The splits of a plan cut a mesh axis in ways that do not nest.
# Mend: Declare two mesh axes, and name them in the lines that need them.
import std.hardware
model m {
  dim two = 2, three = 3, six = 6
  input x: bf16[two, six]
  input y: bf16[three, six]
  z = x + 1
  output z, u = y + 1
}
cluster box { gpu h100_sxm; level gpu = 6 via nvlink4 }
plan p for m on box {                     # error: HX0520
  mesh tp = gpus
  in z { shard two, six over tp }
  in u { shard three, six over tp }
}
