# One line asks for 2 x 3 pieces of the axis, the other for 3 x 2: no common pieces.
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
