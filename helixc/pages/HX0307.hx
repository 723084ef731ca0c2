# Cause: A layer returns another type than its header says.
# Mend: Change the header, or what is returned.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = f(x)
}
layer f(x: [.., embed]) -> [.., embed] {
  return sum(x, over embed)               # error: HX0307
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
