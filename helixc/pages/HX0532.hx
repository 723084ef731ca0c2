# Cause: Lines speak of a value inside a kernel, which is never stored and has no layout, or of what an attention that goes round a ring holds nowhere, as its weights. This is a warning.
# Mend: Write them about the kernel's operands or result, or do not fuse, or send nothing round a ring.
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
  fuse inner, y
  in inner { replicate batch }            # warning: HX0532
}
