# Cause: A call names neither a layer nor an operator.
# Mend: Mend the spelling, import the file of the layer, or write the layer.
import std.hardware
model m {
  dim batch = 8, seq = 32, embed = 64, hidden = 256
  input x: bf16[batch, seq, embed]
  output y = sofmax(x, over embed)        # error: HX0203
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
