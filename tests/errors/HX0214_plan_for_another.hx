# options: plan=p model=other
# A plan names the models that it is for.
import std.hardware
model m {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  output x
}
model other {
  dim batch = 8, embed = 64
  input x: bf16[batch, embed]
  output x
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }          # error: HX0214
