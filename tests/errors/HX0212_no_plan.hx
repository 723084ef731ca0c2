# Nothing says how to split the model.
import std.hardware
model m {  # error: HX0212
  dim seq = 32
  input x: bf16[seq]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
