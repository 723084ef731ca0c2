# Cause: A number stands where a value is needed, or a value where a number is.
# Mend: Give what is needed; sizes and options are numbers known when compiling.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = softmax(3, over embed)       # error: HX0315
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
