# Cause: A weight has another size in another phase, but phases share their weights.
# Mend: Give the weight a dimension that no phase changes, such as the longest sequence there is.
import std.hardware
model m {
  dim batch = 8, seq = 32, past = 0, embed = 64
  input x: bf16[batch, seq, embed]
  weight places: [seq, embed]             # error: HX0319
  output y = x + places
  phase prefill; phase decode { dim seq = 1, past = 31 }
}
cluster box { gpu h100_sxm; level gpu = 8 via nvlink4 }
plan p for m on box { mesh t = 8; shard batch over t }
