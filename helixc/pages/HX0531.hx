# Cause: A `fuse` line names one operator or none, so it fuses nothing. This is a warning.
# Mend: Name a layer, or the operators between which nothing should be stored.
import std.hardware
model m {
  dim batch = 8, hidden = 256
  input x: bf16[batch, hidden]
  inner = tanh(x)
  output y = exp(inner)
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box {
  mesh tp = gpus
  shard batch over tp
  fuse inner                              # warning: HX0531
}
